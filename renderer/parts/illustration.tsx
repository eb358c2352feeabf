/** What the card does beside the reader. */
export type Scene = 'invite' | 'read' | 'check' | 'accept' | 'refuse' | 'absent' | 'several' | 'lift';

const StaffCard = ({ className }: { readonly className: string }) => (
  <g className={className}>
    <rect className="card-shade" x="4" y="8" width="212" height="136" rx="14" />
    <rect className="card-body" width="212" height="136" rx="14" />
    <path className="card-band" d="M14 0h184a14 14 0 0 1 14 14v20H0V14A14 14 0 0 1 14 0z" />
    <rect className="card-cross" x="18" y="14" width="14" height="5" rx="1" />
    <rect className="card-cross" x="22.5" y="9.5" width="5" height="14" rx="1" />
    <rect className="card-line on-band" x="42" y="13" width="74" height="7" rx="3.5" />
    <rect className="card-photo" x="18" y="50" width="54" height="66" rx="7" />
    <circle className="card-face" cx="45" cy="74" r="12" />
    <path className="card-face" d="M24 116c1-17 10-24 21-24s20 7 21 24z" />
    <rect className="card-line" x="88" y="54" width="98" height="10" rx="5" />
    <rect className="card-line pale" x="88" y="76" width="72" height="8" rx="4" />
    <rect className="card-line pale" x="88" y="94" width="54" height="8" rx="4" />
    <rect className="card-chip" x="164" y="88" width="30" height="26" rx="5" />
  </g>
);

const Waves = () => (
  <g className="waves">
    <path d="M-26 0a37 37 0 0 1 52 0" />
    <path d="M-44 -19a64 64 0 0 1 88 0" />
    <path d="M-62 -38a91 91 0 0 1 124 0" />
  </g>
);

const Verdict = ({ scene }: { readonly scene: Scene }) => {
  if (scene !== 'accept' && scene !== 'refuse') return null;
  return (
    <g className="verdict" transform="translate(366 118)">
      <circle r="46" />
      <path d={scene === 'accept' ? 'M-20 1l14 15L21-14' : 'M-16-16l32 32M16-16l-32 32'} />
    </g>
  );
};

/** Card and reader, the same picture in every state, so that one look at it tells the state. */
export const Illustration = ({ scene }: { readonly scene: Scene }) => (
  <svg className={`illustration scene-${scene}`} viewBox="0 0 480 460" aria-hidden="true" focusable="false">
    <ellipse className="floor" cx="240" cy="424" rx="196" ry="20" />
    <g className="reader" transform="translate(70 280)">
      <path className="reader-cable" d="M340 104c44 0 52 22 92 22" />
      <path className="reader-side" d="M18 62h304l12 46a20 20 0 0 1-20 26H26a20 20 0 0 1-20-26z" />
      <path
        className="reader-top"
        d="M60 0h220a22 22 0 0 1 20 14l28 72a18 18 0 0 1-17 24H29a18 18 0 0 1-17-24L40 14A22 22 0 0 1 60 0z"
      />
      <g className="reader-mark" transform="translate(170 78)">
        <path d="M-9 -4a13 13 0 0 1 18 0M-18 -14a26 26 0 0 1 36 0M-27 -24a39 39 0 0 1 54 0" />
        <circle cy="6" r="5" />
      </g>
      <rect className="reader-light" x="120" y="118" width="100" height="7" rx="3.5" />
    </g>
    <g transform="translate(240 268)">
      <Waves />
    </g>
    <g transform="translate(128 74) rotate(-7 106 68)">
      {scene === 'several' ? <StaffCard className="card second" /> : null}
      {scene === 'absent' ? null : <StaffCard className="card" />}
    </g>
    {scene === 'absent' ? (
      <g className="absent-mark" transform="translate(240 168)">
        <circle r="58" />
        <path d="M-6 -34v20M6 -34v20M-16 -14h32v10a16 16 0 0 1-32 0zM0 14v22M-40 40L40 -40" />
      </g>
    ) : null}
    {scene === 'lift' ? <path className="lift-mark" d="M240 268v-52M216 238l24-24 24 24" /> : null}
    <Verdict scene={scene} />
  </svg>
);
