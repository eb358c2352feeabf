import { X509Certificate } from 'node:crypto';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { Agent, request } from 'undici';
import type { RouteName } from '#contract/api/index.ts';

export interface GuideDeps {
  readonly say: (line: string) => void;
  readonly home: string;
  readonly origin: string;
  /** File with the certificate of the server's authority, PEM. */
  readonly authority: string;
  /** One-time link of the first admin; null once there is one. Each start of the server makes a new one. */
  readonly firstAdmin: () => string | null;
  readonly tray: boolean;
  readonly kiosk: boolean;
  /** Whether words typed into this terminal are read. */
  readonly listens: boolean;
}

export interface Guide {
  /** Prints where everything is and what to do first. */
  print(): void;
  /** Where the console is to be entered now: by the one-time link while there is no admin. */
  link(): string;
  serverStartedAgain(): void;
  stop(): void;
}

interface Step {
  readonly id: string;
  /** The call of the API that succeeds when a person has taken the step. */
  readonly call: RouteName;
  readonly done: string;
  readonly how: (deps: GuideDeps) => readonly string[];
}

const steps: readonly Step[] = [
  {
    id: 'admin',
    call: 'console/accept-invitation',
    done: 'There is an admin.',
    how: ({ firstAdmin, origin, listens }) => [
      `Become the first admin. ${listens ? 'Type b and Enter here, or open' : 'Open'} this one-time link in a browser:`,
      `  ${firstAdmin() ?? origin}`,
      'Fill in the form, scan the QR code with an authenticator app, and press 設定してサインイン.',
      ...(listens ? ['No phone at hand? 読み取れないとき shows a key. Type here: code KEY'] : []),
    ],
  },
  {
    id: 'person',
    call: 'people/add',
    done: 'A person was added.',
    how: () => ['Add a person: 職員 › 職員を追加, fill in number and name, 追加する.'],
  },
  {
    id: 'card',
    call: 'ceremonies/give-card',
    done: 'A card was enrolled.',
    how: ({ tray }) => [
      "Enrol a card: on the person's page カードを登録 › how you know them › 端末で始める.",
      tray
        ? 'Then press 職員証 A in the card tray: the card is on the reader while you press.'
        : 'Then hold a card over the reader.',
    ],
  },
  {
    id: 'pin',
    call: 'ceremonies/give-pin',
    done: 'A PIN was set.',
    how: () => [
      'Set a PIN: 続けて暗証番号を設定 (or 暗証番号（PIN） › 設定する › 端末で始める).',
      'Hold the same card, and type a new PIN twice into the lock window, with Enter. Helpdesk never sees it.',
    ],
  },
  {
    id: 'login',
    call: 'attempts/prove',
    done: 'Somebody logged in: the lock window gave way to the badge.',
    how: () => ['Log in: hold the card, type the PIN into the lock window, Enter.'],
  },
  {
    id: 'lock',
    call: 'sessions/end',
    done: 'The terminal was locked again. Every step is in the console under 記録.',
    how: () => ['Lock: hold the card once more, or press ロック on the badge.'],
  },
];

/** Milliseconds between two looks at what the server has counted. */
const lookEvery = 700;

/** Tells a person at the desk what to do first, and ticks it off as the server's own counters show that it was done. */
export function createGuide(deps: GuideDeps): Guide {
  const file = join(deps.home, 'guide.json');
  // Where there is no admin, the data are new, whatever was done before.
  const done = new Set(deps.firstAdmin() === null ? [...readDone(file), 'admin'] : []);
  const agent = new Agent({ connect: { ca: readFileSync(deps.authority, 'utf8') } });
  let stopped = false;
  let timer: NodeJS.Timeout | undefined;

  const tell = (step: Step): void => {
    const [first, ...more] = step.how(deps);
    deps.say(`  ${steps.indexOf(step) + 1}. ${first}`);
    for (const line of more) deps.say(`     ${line}`);
  };

  const tick = (counts: string): void => {
    const reached = steps.filter(({ id, call }) => !done.has(id) && counts.includes(`{call="${call}",code="OK"}`));
    for (const step of reached) {
      done.add(step.id);
      deps.say(`✓ ${steps.indexOf(step) + 1}. ${step.done}`);
    }
    if (reached.length === 0) return;
    writeFileSync(file, JSON.stringify([...done]));
    const next = steps.find(({ id }) => !done.has(id));
    if (next !== undefined) tell(next);
    else deps.say('That was the whole way. Kazasu goes on until Ctrl+C.');
  };

  const look = async (): Promise<void> => {
    try {
      const answer = await request(`${deps.origin}/v1/metrics`, { dispatcher: agent });
      const counts = await answer.body.text();
      if (!stopped) tick(counts);
    } catch {
      // The server is starting again.
    }
    if (!stopped && done.size < steps.length) timer = setTimeout(() => void look(), lookEvery);
  };

  const link = (): string => (done.has('admin') ? null : deps.firstAdmin()) ?? `${deps.origin}/console/`;

  return {
    link,
    serverStartedAgain() {
      if (link() === deps.firstAdmin()) deps.say(`The one-time link of the first admin is a new one: ${link()}`);
    },
    print() {
      for (const line of listPlaces(deps)) deps.say(line);
      const left = steps.filter(({ id }) => !done.has(id));
      deps.say('');
      if (left.length === 0) deps.say('All first steps are done. Ctrl+C ends everything; the next start goes on here.');
      else {
        deps.say('First steps; each is ticked off here when it is done:');
        for (const step of left) tell(step);
        deps.say('');
        deps.say('Ctrl+C ends everything; the next start goes on with the same data.');
      }
      void look();
    },
    stop() {
      stopped = true;
      clearTimeout(timer);
      void agent.destroy();
    },
  };
}

function listPlaces({ home, origin, authority, tray, kiosk, listens }: GuideDeps): string[] {
  const print = new X509Certificate(readFileSync(authority)).fingerprint256;
  return [
    '',
    'Kazasu runs on this desk.',
    `  Lock screen  ${kiosk ? 'covers every display, as on a ward' : 'the dark window; on a ward it covers every display (KAZASU_KIOSK=1)'}`,
    `  Card reader  ${tray ? 'the window "card tray" beside it' : 'what is plugged into this machine'}`,
    `  Console      ${origin}/console/${listens ? '   (b and Enter opens it here)' : ''}`,
    `  Data         ${home}`,
    `  Logs         ${home}/server/log, ${home}/terminal/log`,
    '',
    'A browser of your own warns about the console, because this hospital vouches for itself. To end the warning, let it',
    'trust this authority for websites (Settings › Privacy and security › Certificates › Authorities › Import):',
    `  ${authority}`,
    `  SHA-256 ${print}`,
  ];
}

function readDone(file: string): string[] {
  try {
    const read: unknown = JSON.parse(readFileSync(file, 'utf8'));
    return Array.isArray(read) ? read.filter((id) => typeof id === 'string') : [];
  } catch {
    return [];
  }
}
