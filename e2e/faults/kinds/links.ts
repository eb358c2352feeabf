/** Networks that fail: between a terminal and every process of the server, and between one of those and PostgreSQL. */
import type { Link, Weather } from '../network.ts';
import { createRandom } from '../random.ts';
import { terminals } from '../table.ts';
import type { Fault, Strike } from './fault.ts';

const linksOf = ({ site, terminal }: Strike): readonly Link[] => Object.values(site.links[terminal]);

/** This weather on these links, until it is healed. */
const during = (links: readonly Link[], weather: Weather): (() => void) => {
  for (const link of links) link.change(weather);
  return () => {
    for (const link of links) link.change({});
  };
};
const onLinks =
  (weather: (strike: Strike) => Weather): Fault =>
  (strike) =>
    during(linksOf(strike), weather(strike));
const randomOf = ({ dice }: Strike) => createRandom(Math.floor(dice * 1e6), 'weather');

const cutAll = (links: readonly Link[]): (() => void) => {
  const heal = during(links, { refuses: true });
  for (const link of links) link.cut();
  return heal;
};

export const linkCut: Fault = (strike) => cutAll(linksOf(strike));
export const revokedUnseen: Fault = (strike) => {
  const healDesk = during([strike.site.deskLink], { losesAnswers: true });
  const healTerminal = cutAll(linksOf(strike));
  return () => {
    healDesk();
    healTerminal();
  };
};
export const switchFailed: Fault = ({ site }) =>
  cutAll([site.deskLink, ...terminals.flatMap((name) => Object.values(site.links[name]))]);
export const linkFlapping: Fault = (strike) => {
  const timer = setInterval(() => {
    for (const link of linksOf(strike)) link.cut();
  }, 700);
  return () => clearInterval(timer);
};
export const linkDeaf = onLinks(() => ({ down: { held: true } }));
export const linkMute = onLinks(() => ({ up: { held: true } }));
export const linkBlackHole = onLinks(() => ({ up: { held: true }, down: { held: true } }));
export const linkDripping = onLinks(() => ({ down: { drip: 20 } }));
export const linkSlow = onLinks(() => ({ up: { late: () => 1_000 }, down: { late: () => 1_000 } }));
export const linkLossy = onLinks((strike) => {
  const random = randomOf(strike);
  /** The shortest time until TCP sends a piece again is 200 ms, and twice that when it is lost again. */
  const late = (): number => (random.next() < 0.3 ? (random.next() < 0.3 ? 600 : 200) : 0);
  return { up: { late }, down: { late } };
});
export const linkReordered = onLinks((strike) => {
  const random = randomOf(strike);
  return { lateEach: () => random.whole(0, 500) };
});
export const linkDoubled: Fault = (strike) => {
  const links = linksOf(strike);
  const heal = during(links, { doubled: true });
  // What goes on over a connection from before is not doubled.
  for (const link of links) link.cut();
  return heal;
};
export const linkFlipped = onLinks((strike) => {
  const random = randomOf(strike);
  const spoil = (piece: Buffer): Buffer => {
    if (random.next() > 0.2) return piece;
    const spoilt = Buffer.from(piece);
    const at = random.whole(0, piece.length - 1);
    spoilt[at] = (spoilt[at] ?? 0) ^ (1 << random.whole(0, 7));
    return spoilt;
  };
  return { up: { spoil }, down: { spoil } };
});
export const answersLost = onLinks(() => ({ losesAnswers: true }));
export const databaseCut: Fault = ({ site, server }) =>
  during([site.databaseLinks[server]], { up: { held: true }, down: { held: true } });
