import type { FaultKind } from '../table.ts';
import type { Fault } from './fault.ts';
import * as links from './links.ts';
import * as processes from './processes.ts';

/** How each fault is made. One without a row here does not compile. */
export const faults: Readonly<Record<FaultKind, Fault>> = {
  'guard-killed': processes.guardKilled,
  'guard-hung': processes.guardHung,
  'server-killed': processes.serverKilled,
  'server-hung': processes.serverHung,
  'database-killed': processes.databaseKilled,
  'database-cut': links.databaseCut,
  'link-cut': links.linkCut,
  'link-flapping': links.linkFlapping,
  'link-deaf': links.linkDeaf,
  'link-mute': links.linkMute,
  'link-black-hole': links.linkBlackHole,
  'link-dripping': links.linkDripping,
  'link-slow': links.linkSlow,
  'link-lossy': links.linkLossy,
  'link-reordered': links.linkReordered,
  'link-doubled': links.linkDoubled,
  'link-flipped': links.linkFlipped,
  'answers-lost': links.answersLost,
  'switch-failed': links.switchFailed,
};
