/** What a fault needs for itself while it lasts: two that share something of it do not come at once. */
export type Place = 'ward' | 'away' | 'first' | 'second' | 'database' | 'desk';

export const terminals = ['ward', 'away'] as const;
export type TerminalName = (typeof terminals)[number];
export const servers = ['first', 'second'] as const;
export type ServerName = (typeof servers)[number];

/** Where a fault of this sort strikes. `link`: between one terminal and every server. */
export type Sort = 'terminal' | 'disk' | 'reader' | 'link' | 'desk' | 'server' | 'database' | 'operator' | 'everything';

interface FaultRow {
  /** Its numbers in the list of faults to survive. */
  readonly numbers: readonly string[];
  readonly sort: Sort;
  /** Milliseconds that it lasts; 0 and 0 where it is over as soon as it has struck. */
  readonly lasts: readonly [shortest: number, longest: number];
  /** How often it comes, in comparison with the others. */
  readonly weight: number;
  readonly meaning: string;
}

/** Every fault that this harness makes. `kinds/` has how. */
export const faultTable = {
  'guard-killed': {
    numbers: ['F1', 'F25'],
    sort: 'terminal',
    lasts: [0, 0],
    weight: 6,
    meaning: 'kill -9 of the deciding process of a terminal, whatever it is just writing',
  },
  'guard-hung': {
    numbers: ['F10', 'F25'],
    sort: 'terminal',
    lasts: [300, 6_000],
    weight: 3,
    meaning: 'SIGSTOP, then SIGCONT: its lease has to have ended meanwhile',
  },
  'server-killed': {
    numbers: ['F2'],
    sort: 'server',
    lasts: [0, 0],
    weight: 6,
    meaning: 'kill -9 of a process of the server, whatever it is just answering',
  },
  'server-hung': {
    numbers: ['F13'],
    sort: 'server',
    lasts: [500, 6_000],
    weight: 3,
    meaning: 'SIGSTOP of a process of the server: it takes connections and answers nothing',
  },
  'database-killed': {
    numbers: ['F3'],
    sort: 'database',
    lasts: [0, 0],
    weight: 4,
    meaning: 'kill -9 of PostgreSQL, postmaster and all its children',
  },
  'database-cut': {
    numbers: ['F12'],
    sort: 'server',
    lasts: [300, 5_000],
    weight: 3,
    meaning: 'nothing goes between one process of the server and PostgreSQL, and nothing is told to either',
  },
  'link-cut': {
    numbers: ['F12'],
    sort: 'link',
    lasts: [300, 6_000],
    weight: 4,
    meaning: 'connections end and new ones are refused',
  },
  'link-flapping': {
    numbers: ['F12'],
    sort: 'link',
    lasts: [3_000, 9_000],
    weight: 2,
    meaning: 'connections end every 700 ms',
  },
  'link-deaf': {
    numbers: ['F12', 'F15'],
    sort: 'link',
    lasts: [500, 6_000],
    weight: 3,
    meaning: 'what the server answers does not arrive; what it is asked does',
  },
  'link-mute': {
    numbers: ['F12'],
    sort: 'link',
    lasts: [500, 6_000],
    weight: 3,
    meaning: 'what the terminal asks does not arrive',
  },
  'link-black-hole': {
    numbers: ['F13'],
    sort: 'link',
    lasts: [500, 6_000],
    weight: 3,
    meaning: 'connections are taken and nothing goes through them',
  },
  'link-dripping': {
    numbers: ['F13'],
    sort: 'link',
    lasts: [1_000, 6_000],
    weight: 2,
    meaning: 'answers come byte by byte',
  },
  'link-slow': {
    numbers: ['F12'],
    sort: 'link',
    lasts: [2_000, 7_000],
    weight: 2,
    meaning: 'every byte is a second late in each direction',
  },
  'link-lossy': {
    numbers: ['F12'],
    sort: 'link',
    lasts: [2_000, 8_000],
    weight: 2,
    meaning: 'three pieces of ten come after the time that TCP takes to send them again',
  },
  'link-reordered': {
    numbers: ['F12'],
    sort: 'link',
    lasts: [2_000, 8_000],
    weight: 2,
    meaning: 'each connection has a delay of its own: what was asked later arrives earlier',
  },
  'link-doubled': {
    numbers: ['F2', 'F12'],
    sort: 'link',
    lasts: [2_000, 8_000],
    weight: 2,
    meaning: 'whatever a terminal sends is recorded and sent to the server once more over a connection of its own',
  },
  'link-flipped': {
    numbers: ['F12'],
    sort: 'link',
    lasts: [1_000, 5_000],
    weight: 2,
    meaning: 'bits change on the way',
  },
  'answers-lost': {
    numbers: ['F15'],
    sort: 'link',
    lasts: [1_500, 8_000],
    weight: 4,
    meaning: 'a request is done, and the connection ends instead of its answer',
  },
  'revoked-unseen': {
    numbers: ['F21'],
    sort: 'link',
    lasts: [2_000, 8_000],
    weight: 3,
    meaning:
      'a terminal is away, and the desk hears no answer: whoever is suspended in this time is, though neither of them is told',
  },
  'switch-failed': {
    numbers: ['F12', 'F22'],
    sort: 'everything',
    lasts: [500, 6_000],
    weight: 2,
    meaning: 'every connection of every terminal ends at once, and all come back at once',
  },
  'journal-torn': {
    numbers: ['F1', 'F4'],
    sort: 'disk',
    lasts: [0, 0],
    weight: 2,
    meaning: 'behind the last record of a terminal’s journal stands the beginning of one, and the guard dies',
  },
  'journal-flipped': {
    numbers: ['F8'],
    sort: 'disk',
    lasts: [0, 0],
    weight: 2,
    meaning: 'one bit of a terminal’s journal changes, and the guard dies: it has to be noticed, and the rest kept',
  },
  'journal-shortened': {
    numbers: ['F8'],
    sort: 'disk',
    lasts: [0, 0],
    weight: 2,
    meaning: 'the newest records of a terminal’s journal go without a trace, and the guard dies: it has to be noticed',
  },
  'segment-unreadable': {
    numbers: ['F7', 'F8'],
    sort: 'disk',
    lasts: [3_000, 8_000],
    weight: 1,
    meaning:
      'a file of a terminal’s journal cannot be read when the guard begins anew, and can later: it has to be noticed, and the rest kept',
  },
  'offline-put-back': {
    numbers: ['F8'],
    sort: 'disk',
    lasts: [4_000, 12_000],
    weight: 2,
    meaning: 'what a terminal keeps for logins without the server is an older copy of it: it has to be noticed',
  },
  'position-lost': {
    numbers: ['F8'],
    sort: 'disk',
    lasts: [0, 0],
    weight: 1,
    meaning: 'a terminal forgets how far it has come with its server, and sends everything again',
  },
  'disk-full': {
    numbers: ['F6'],
    sort: 'disk',
    lasts: [2_000, 9_000],
    weight: 2,
    meaning: 'no room on the disk of a terminal',
  },
  'disk-read-only': {
    numbers: ['F7'],
    sort: 'disk',
    lasts: [2_000, 8_000],
    weight: 2,
    meaning: 'the disk of a terminal cannot be written',
  },
  'flush-fails': {
    numbers: ['F5'],
    sort: 'disk',
    lasts: [1_000, 4_000],
    weight: 2,
    meaning: 'fsync answers EIO, once or some times in a row',
  },
  'power-cut': {
    numbers: ['F4'],
    sort: 'disk',
    lasts: [1_000, 6_000],
    weight: 3,
    meaning:
      'the power of a terminal goes: what it wrote in this time and did not flush was never written, and of the last write a part',
  },
  'database-disk-full': {
    numbers: ['F6'],
    sort: 'database',
    lasts: [1_500, 6_000],
    weight: 2,
    meaning: 'no room on the disk of PostgreSQL, its write-ahead log on it',
  },
  'clock-set': {
    numbers: ['F10'],
    sort: 'terminal',
    lasts: [2_000, 8_000],
    weight: 2,
    meaning: 'the clock of a terminal is set: seconds, minutes, days or a year away, and back',
  },
  'terminal-slept': {
    numbers: ['F10'],
    sort: 'terminal',
    lasts: [500, 3_000],
    weight: 2,
    meaning: 'a terminal sleeps for three days, as its own count of time says when it wakes',
  },
  'reader-service-killed': {
    numbers: ['F24'],
    sort: 'reader',
    lasts: [500, 5_000],
    weight: 2,
    meaning: 'kill -9 of the PC/SC service',
  },
  'reader-unplugged': {
    numbers: ['F24'],
    sort: 'reader',
    lasts: [500, 4_000],
    weight: 2,
    meaning: 'the reader is pulled out, whatever it is just doing, and plugged in again',
  },
  'cards-torn': {
    numbers: ['F24'],
    sort: 'reader',
    lasts: [2_000, 6_000],
    weight: 2,
    meaning: 'cards are torn out while they answer',
  },
  'screen-lost': {
    numbers: ['F25'],
    sort: 'terminal',
    lasts: [0, 0],
    weight: 3,
    meaning: 'the screen of a terminal goes away and comes back',
  },
  'file-replaced': {
    numbers: ['F7', 'F8', 'F27'],
    sort: 'disk',
    lasts: [1_000, 6_000],
    weight: 2,
    meaning: 'a folder stands in the place of a file of a terminal; what was in the file is lost',
  },
  'tap-flood': {
    numbers: ['F23'],
    sort: 'server',
    lasts: [1_000, 4_000],
    weight: 1,
    meaning: 'sixty requests at once with cards that nobody knows, as fast as they are answered',
  },
  'backlog-brought': {
    numbers: ['F11'],
    sort: 'server',
    lasts: [4_000, 9_000],
    weight: 1,
    meaning:
      'a terminal that was alone for three days brings 1,500 events as fast as they are taken, while others log in',
  },
  'signed-lost': {
    numbers: ['F27'],
    sort: 'operator',
    lasts: [2_000, 12_000],
    weight: 1,
    meaning: 'what the servers keep of their log outside of the database is lost, and cannot be kept for a while',
  },
  'server-restarted': {
    numbers: ['F19'],
    sort: 'server',
    lasts: [0, 0],
    weight: 2,
    meaning: 'a process of the server ends in order and comes back, while the other one goes on',
  },
  'keys-rotated': {
    numbers: ['F20'],
    sort: 'operator',
    lasts: [0, 0],
    weight: 1,
    meaning: 'a key or the authority is changed by command while everything runs',
  },
  'tail-lost': {
    numbers: ['F18'],
    sort: 'everything',
    lasts: [3_000, 8_000],
    weight: 1,
    meaning:
      'PostgreSQL dies, and what takes over is some seconds behind it, as a replica that did not get the last of it: that has to be noticed',
  },
  restored: {
    numbers: ['F16'],
    sort: 'everything',
    lasts: [6_000, 15_000],
    weight: 1,
    meaning: 'a backup is made, and some seconds later the database is put back to it',
  },
} as const satisfies Readonly<Record<string, FaultRow>>;

export type FaultKind = keyof typeof faultTable;
export const faultKinds = Object.keys(faultTable) as readonly FaultKind[];
export const rowOf = (kind: FaultKind): FaultRow => faultTable[kind];
