/** One thing to refuse or to survive, and the tests that fail where it is not. */
export interface Held {
  /** As in the lists that the project was given: attacks by number, faults with an F. */
  readonly number: string;
  readonly what: string;
  /** File, and words of the test's name. */
  readonly by: readonly (readonly [file: string, name: string])[];
  readonly not?: string;
}

/** Journals, logins without the server, and a server that lies. */
export const attacksHeld: readonly Held[] = [
  {
    number: '49',
    what: 'terminal A reports, or confirms, as terminal B',
    by: [
      ['server/journal-content.int.test.ts', 'belongs to its sender alone'],
      [
        'server/journal.int.test.ts',
        'that its terminal signed for is stored with the signature; a wrong one is refused',
      ],
      ['server/terminals.int.test.ts', 'that another terminal signed, or that was changed, is refused'],
    ],
  },
  {
    number: '51',
    what: 'a proof without the server is shown again',
    by: [
      ['guard/offline.test.ts', 'what was proved opens one lock once, for its person alone'],
      [
        'guard/offline-login.test.ts',
        'a card that signs gets in by a signature of its own key over a nonce of this terminal',
      ],
      ['e2e/guard/card-key.int.test.ts', 'a card that signs with the answer that it once gave opens nothing'],
    ],
  },
  {
    number: '52',
    what: 'any PIN, many at once, with the plug pulled after each',
    by: [
      ['e2e/guard/offline-thief.int.test.ts', 'each guess without the server is counted over a cut of the power'],
      ['guard/offline.test.ts', 'a machine that ends at any step of a count has it, or has not looked at the PIN'],
      ['guard/offline.test.ts', 'fifty guesses at once are no more than the limit'],
      ['guard/offline.test.ts', 'a guess that cannot be counted is not looked at'],
      ['guard/offline-login.test.ts', 'a right PIN whose try cannot be taken back opens nothing'],
      ['guard/offline-refused.test.ts', 'that a PIN was locked outlives a start of the guard'],
      ['server/offline-tries.int.test.ts', 'so many without the server lock the PIN as with it'],
    ],
  },
  {
    number: '53',
    what: 'the disk of a terminal is attacked elsewhere',
    by: [
      ['e2e/guard/offline-thief.int.test.ts', 'the folder of a terminal on another machine is nobody'],
      ['guard/offline.test.ts', 'a copy of everything on another terminal opens nothing and tells nothing'],
    ],
    not: 'what a guess costs whoever has disk, keychain and card: `npm run bench -- offline-guess`',
  },
  {
    number: '54',
    what: 'the clock is set, back or forward, while the machine runs, sleeps or is off; words of the server are held up',
    by: [
      ['guard/offline.test.ts', 'the hours are counted from the login, whatever is done to the clock'],
      ['guard/offline.test.ts', 'a clock that was set back while the machine was off lets nobody in'],
      ['guard/offline.test.ts', 'nor does it where the file that says how late it was is put back as well'],
      ['guard/offline.test.ts', 'nor where that file is taken away or is that of another terminal'],
      [
        'guard/offline.test.ts',
        'a clock that was set forward while the machine was off ends the hours and loses nothing',
      ],
      ['guard/trusted-time.test.ts', 'a beat that lay there while the machine slept puts no time back'],
      ['guard/trusted-time.test.ts', 'beats that are let through more slowly than they are sent stretch no hour'],
      [
        'guard/push-stream.test.ts',
        'after a beat that lay somewhere for long the server is asked anew what time it is',
      ],
    ],
    not: 'a machine that is kept off, its clock set to just after: a limit of the [threat model](threat-model.md)',
  },
  {
    number: '55',
    what: 'an older copy of what the terminal keeps is put back, of one file or of the whole folder',
    by: [
      [
        'e2e/guard/offline-thief.int.test.ts',
        'an older copy of what the terminal keeps brings no try back and nobody in, and is an alarm',
      ],
      ['guard/offline.test.ts', 'a file of which the keychain has no word is not taken, be it the newest one'],
      [
        'guard/offline.test.ts',
        'an older copy from before a revocation brings nobody back, nor does one of another terminal',
      ],
      ['guard/journal-damage.test.ts', 'an older copy of the whole folder is not gone on with'],
      [
        'e2e/guard/offline.int.test.ts',
        'an older copy that was made during the same run is seen where it takes away an opening',
      ],
      ['server/journal.int.test.ts', 'that tells a second story is a clone or was set back'],
    ],
  },
  {
    number: '56',
    what: 'a card, a person or the terminal itself that was revoked, without the server',
    by: [
      ['guard/offline.test.ts', 'a revocation takes away what is kept, for good, before it counts as settled'],
      ['guard/offline.test.ts', 'a revocation that comes while a login is just being kept leaves nothing of it'],
      ['guard/offline-login.test.ts', 'a revocation that cannot be kept is confirmed when it can be, and not before'],
      ['guard/no-offline.test.ts', 'that is heard while no keychain answers holds once one does'],
      [
        'e2e/guard/offline-thief.int.test.ts',
        'a revocation that was heard while the keychain answered too late for a start holds',
      ],
      [
        'e2e/guard/offline-thief.int.test.ts',
        'a terminal that comes back only to hear that it was revoked lets nobody in',
      ],
      ['guard/guard.test.ts', 'a terminal that is told that it is revoked keeps nothing for times without the server'],
      ['guard/uplink.test.ts', 'a revoked terminal hears it by the answer to any call'],
      ['server/offline.int.test.ts', 'is an alarm where the card had been revoked before'],
    ],
  },
  {
    number: '57',
    what: 'somebody who was never there, or whose role or card may not',
    by: [
      ['guard/offline.test.ts', 'nobody else gets in: another card, a role or a card that policy leaves out'],
      ['guard/offline-login.test.ts', 'a card that was never here is refused without the server in words that say why'],
      ['server/offline.int.test.ts', 'names nobody who was never there, and is an alarm'],
      ['server/offline.int.test.ts', 'a terminal may keep a login by card and PIN of whom policy names, and no other'],
    ],
  },
  {
    number: '58',
    what: 'a journal with a gap, a doublet, another chain, a wrong signature, of a time to come',
    by: [
      [
        'server/journal.int.test.ts',
        'is stored once, in order, however often and from however many connections it is sent',
      ],
      ['server/journal.int.test.ts', 'keeps what breaks the chain, marked'],
      ['server/journal.int.test.ts', 'keeps what is of a time still to come, marked'],
      ['server/journal.int.test.ts', 'keeps a second story for a place that is filled, once, and beside the first'],
      ['server/journal.int.test.ts', 'is stored as a plain reading of the rules would have it'],
    ],
  },
  {
    number: '60',
    what: 'a PIN, a role or a leaver that the terminal has not heard of',
    by: [
      ['core/policy/offline.test.ts', 'no policy lets anybody in for longer than thirty days'],
      ['server/offline.int.test.ts', 'is an alarm where the PIN had been replaced before'],
      [
        'server/offline.int.test.ts',
        'is an alarm when its person worked on after a revocation that the terminal had not heard of',
      ],
      ['server/routes/revoking.int.test.ts', 'is forgotten by every terminal when it is replaced'],
      ['server/routes/revoking.int.test.ts', 'say until when a terminal that is away could be fooled'],
    ],
  },
  {
    number: 'lying server',
    what: 'another root for the same size, a gap, fewer lines, another key, a name of before',
    by: [
      ['core/audit/witness.test.ts', 'another root for as many lines, a gap, or fewer lines are refused'],
      ['core/audit/witness.test.ts', 'another key is refused, and believed when the one before vouches for it'],
      ['core/audit/witness.test.ts', 'a name that was given up is not taken again'],
      ['guard/witness.test.ts', 'another history is refused: one event for it'],
      ['guard/witness.test.ts', 'the log under the name of before is refused once it has another'],
      ['e2e/guard/another-history.int.test.ts', 'another history is refused by a terminal and is an alarm in the log'],
      [
        'core/audit/verify-export.test.ts',
        'of another log with the same size is refused where a checkpoint of the one before is known',
      ],
      ['core/audit/verify-export.test.ts', 'in which a line was changed, taken out, put in or moved is refused'],
      ['core/audit/verify-export.test.ts', 'written by whoever has another key is refused'],
      ['server/verify-log.test.ts', 'of another log is not that of this one'],
    ],
    not: 'a server that shows a terminal the same old log for ever',
  },
];

/** Faults that are also made by themselves, beside the harness. */
export const faultsHeld: readonly Held[] = [
  {
    number: 'F1',
    what: 'a journal cut at every byte; its writer killed again and again',
    by: [
      ['guard/journal-damage.test.ts', 'cut at every byte, what is read are exactly the records that are whole'],
      ['guard/journal-damage.test.ts', 'cut and opened again, it goes on behind the last record that is whole'],
      ['guard/journal-kill.test.ts', 'no record that was acknowledged is lost, none is there twice'],
    ],
    not: 'two hundred kills: `npm run bench -- journal-kills`',
  },
  {
    number: 'F2',
    what: 'the server killed at every step of a request',
    by: [
      ['server/killed.int.test.ts', 'costs nobody a login or a try, and nothing is counted or recorded twice'],
      ['server/routes/repeated-proofs.int.test.ts', 'goes on at another one and is counted once'],
      ['e2e/guard/two-servers.int.test.ts', 'a server that is killed while it checks a PIN costs that try at most'],
    ],
  },
  {
    number: 'F3',
    what: 'PostgreSQL killed under load',
    by: [['server/database-loss.int.test.ts', 'no acknowledged write is lost when PostgreSQL is killed under load']],
  },
  {
    number: 'F4',
    what: 'what was not flushed was never written',
    by: [['e2e/faults/disk.test.ts', 'a cut of the power takes what was not flushed']],
  },
  {
    number: 'F5',
    what: 'a flush that fails',
    by: [['guard/journal.test.ts', 'the same records go to a new segment, and the old one is not written again']],
  },
  {
    number: 'F6',
    what: 'a full disk, and room again',
    by: [
      ['guard/journal-full.test.ts', 'a disk that is full and has room again loses nothing that was acknowledged'],
      ['guard/journal-full.test.ts', 'a start on a full disk has the reserve that was left'],
      ['e2e/guard/full-disk.int.test.ts', 'started on a full disk the terminal says so, and goes on by itself'],
      ['server/log-unwritable.int.test.ts', 'nobody is let in by the right secret, and nothing of it is used up'],
    ],
  },
  {
    number: 'F7',
    what: 'a disk that cannot be written, folders where files should be',
    by: [
      ['e2e/guard/full-disk.int.test.ts', 'started on a disk that cannot be written it says so'],
      ['e2e/guard/full-disk.int.test.ts', 'with folders in the place of its files it lets people in'],
      ['guard/guard.test.ts', 'a guard whose files cannot be written starts all the same'],
    ],
  },
  {
    number: 'F8',
    what: 'flipped bits, cut and missing files, an end that was removed',
    by: [
      ['guard/journal-damage.test.ts', 'two thousand flipped bits are each seen'],
      ['guard/journal-damage.test.ts', 'an end that was removed cleanly is seen'],
      ['guard/journal-damage.test.ts', 'a segment that was taken away whole is told by the numbers that are missing'],
      [
        'guard/journal-damage.test.ts',
        'an end that was removed together with what the folder knows of it is seen by the keychain',
      ],
    ],
  },
  {
    number: 'F10',
    what: 'three days asleep',
    by: [
      ['guard/offline.test.ts', 'three days asleep are three days'],
      ['guard/lease.test.ts', 'a lease that ran out while the machine slept is not renewed'],
    ],
  },
  {
    number: 'F11',
    what: 'days of a hospital brought at once',
    by: [
      ['server/backlog.test.ts', 'gives way while many reports are being stored'],
      ['server/offline.int.test.ts', 'is judged by as many statements where hundreds come at once as where one does'],
    ],
  },
  {
    number: 'F12',
    what: 'partitions; the switch within 800 ms; no storm afterwards',
    by: [
      ['guard/offline-login.test.ts', 'a card is greeted within 800 ms'],
      ['guard/back-off.test.ts', 'two thousand that lose the server at once come back spread'],
      ['server/database-loss.int.test.ts', 'each request is answered soon, and all is well by itself afterwards'],
      ['server/two-processes.int.test.ts', 'a network that swallows everything is noticed'],
    ],
  },
  {
    number: 'F13',
    what: 'a server that takes connections and answers nothing, or byte by byte',
    by: [
      ['guard/offline-login.test.ts', 'a card is greeted within 800 ms'],
      ['guard/uplink.test.ts', 'a server that takes a call and never answers is given up in time'],
      ['guard/uplink-processes.test.ts', 'one that takes a call and never answers is left after two seconds'],
    ],
  },
  {
    number: 'F15',
    what: 'an answer that is lost',
    by: [
      [
        'server/routes/repeated-proofs.int.test.ts',
        'opens the session that it opened before, by PIN and by TOTP, and is recorded once',
      ],
      ['server/routes/repeated-proofs.int.test.ts', 'is refused word for word as before, counted and recorded once'],
      ['guard/uplink-records.test.ts', 'records go up oldest first and once each, however often the server fails'],
    ],
  },
  {
    number: 'F16',
    what: 'an older backup, or an older copy of the database, is put back',
    by: [
      ['e2e/guard/restore.int.test.ts', 'a card that was revoked after the backup is refused again, everywhere'],
      ['server/backup/restore-drill.int.test.ts', 'refuses again at every terminal what was revoked'],
      [
        'server/log-tree/log-tree.int.test.ts',
        'cannot put it back to an earlier state: the server goes on as another incarnation, with an alarm',
      ],
      ['server/log-tree/former-name.int.test.ts', 'is found out by who has the newer name'],
      ['server/database-loss.int.test.ts', 'gives its number to no other one, each time'],
    ],
  },
  {
    number: 'F18',
    what: 'a replica without the end takes over',
    by: [
      ['server/log-tree/log-tree.int.test.ts', 'the one that signed more finds it out'],
      ['server/journal.int.test.ts', 'is not taken where the server has less by now than it told'],
    ],
  },
  {
    number: 'F19',
    what: 'versions change under people who log in',
    by: [['e2e/guard/versions.int.test.ts', 'nobody is refused, no event is lost, and it can be taken back']],
  },
  {
    number: 'F20',
    what: 'certificates end, the authority changes, a terminal is revoked',
    by: [
      ['e2e/guard/certificates.int.test.ts', 'terminals whose certificates ended while nobody served them come back'],
      ['server/authorities.int.test.ts', 'goes on when every connected terminal trusts the next one'],
      ['server/streams.int.test.ts', 'is cut at once: stream, open connection, new handshake and resumed session'],
    ],
  },
  {
    number: 'F21',
    what: 'a revocation while terminals are away, or somebody is just logging in',
    by: [
      ['server/streams.int.test.ts', 'begins with hello, brings what was missed'],
      ['server/streams.int.test.ts', 'misses nothing that is issued while it opens'],
      ['server/streams.int.test.ts', 'hears a revocation of which the notice was lost'],
      ['server/routes/proofs.int.test.ts', 'is refused when card or person was shut out meanwhile'],
      ['server/routes/revoking.int.test.ts', 'say until when a terminal that is away could be fooled'],
      ['e2e/console/revocation-and-log.e2e.test.ts', 'shows each receipt as it comes'],
    ],
  },
  {
    number: 'F22',
    what: 'all terminals come back at once',
    by: [['guard/back-off.test.ts', 'two thousand that lose the server at once come back spread']],
  },
  {
    number: 'F23',
    what: 'a flood of PINs',
    by: [
      [
        'server/routes/proofs.int.test.ts',
        'keeps to the limit of tries, of memory and of waiting under a flood, and taps go on',
      ],
      ['server/hash-queue.test.ts', 'turns away who would wait for more than about a second'],
    ],
  },
  {
    number: 'F24',
    what: 'the PC/SC service dies, a reader is unplugged, a card is torn out',
    by: [
      ['e2e/reader/faults.int.test.ts', 'and restart the readers are back within two seconds'],
      ['e2e/reader/faults.int.test.ts', 'a reader unplugged in the middle of an exchange'],
      ['e2e/reader/piv.int.test.ts', 'one that is torn out while it signs was held too shortly'],
      ['e2e/reader/cards.int.test.ts', 'two cards on two readers at once are several cards'],
    ],
  },
  {
    number: 'F25',
    what: 'pages, screen, guard killed',
    by: [
      ['e2e/agent/faults.e2e.test.ts', 'the guard, killed while the desktop is open'],
      ['e2e/agent/faults.e2e.test.ts', 'the renderer, crashed while a PIN is asked for'],
      ['e2e/curtain/product.e2e.test.ts', 'screen, painter, private display and curtains killed in turn while locked'],
    ],
  },
  {
    number: 'F27',
    what: 'no checkpoint can be kept or shown; then another history',
    by: [
      [
        'e2e/guard/another-history.int.test.ts',
        'another history is refused by a terminal and is an alarm in the log, while people log in as ever',
      ],
      ['guard/witness.test.ts', 'that it began is told once with what was seen'],
      ['server/log-tree/former-name.int.test.ts', 'cannot be kept outside of the database the log grows on'],
    ],
  },
];
