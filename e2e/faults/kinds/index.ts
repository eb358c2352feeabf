import type { FaultKind } from '../table.ts';
import * as clocks from './clocks.ts';
import * as disks from './disks.ts';
import type { Fault } from './fault.ts';
import * as floods from './floods.ts';
import * as journals from './journals.ts';
import * as links from './links.ts';
import * as operations from './operations.ts';
import * as processes from './processes.ts';
import * as readers from './readers.ts';

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
  'revoked-unseen': links.revokedUnseen,
  'switch-failed': links.switchFailed,
  'journal-torn': journals.journalTorn,
  'journal-flipped': journals.journalFlipped,
  'journal-shortened': journals.journalShortened,
  'segment-unreadable': journals.segmentUnreadable,
  'offline-put-back': journals.offlinePutBack,
  'position-lost': journals.positionLost,
  'disk-full': disks.diskFull,
  'disk-read-only': disks.diskReadOnly,
  'flush-fails': disks.flushFails,
  'power-cut': disks.powerCut,
  'database-disk-full': disks.databaseDiskFull,
  'clock-set': clocks.clockSet,
  'terminal-slept': clocks.terminalSlept,
  'reader-service-killed': readers.readerServiceKilled,
  'reader-unplugged': readers.readerUnplugged,
  'cards-torn': readers.cardsTorn,
  'screen-lost': readers.screenLost,
  'file-replaced': journals.fileReplaced,
  'tap-flood': floods.tapFlood,
  'backlog-brought': floods.backlogBrought,
  'signed-lost': operations.signedLost,
  'server-restarted': operations.serverRestarted,
  'keys-rotated': operations.keysRotated,
  'tail-lost': operations.tailLost,
  restored: operations.restored,
};
