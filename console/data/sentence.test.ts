import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { eventKinds, type StoredEvent } from '#contract/audit.ts';
import { detailCodes } from '#contract/event-details.ts';
import { csvMark } from './csv.ts';
import { logCsv } from './log-file.ts';
import { detailOf } from './sentence.ts';
import { wordsIn } from './use-words.ts';

const told = (kind: StoredEvent['kind'], detail: StoredEvent['detail']): StoredEvent =>
  ({ id: 'one', at: '2026-11-30T01:02:03.004Z', kind, outcome: 'success', factors: [], detail }) as StoredEvent;
const ja = wordsIn('ja', () => {});
const en = wordsIn('en', () => {});
const tokyo = 'Asia/Tokyo';

/** What events carry, as server and guard write it. A name by itself is for all kinds. */
const carried = {
  'accounts.exported': 'count finding days',
  'approval.asked': 'approval call about',
  'approval.given': 'approval call askedBy why',
  'attempt.begun': 'assurance purpose proofMilliseconds slow',
  'attempt.refused': 'rule proofMilliseconds',
  'authority.ending': 'authority endsAt',
  'backup.made': 'tables rows writeOnce',
  'card-authority.added': 'authority name fingerprint approvedBy',
  'card-authority.removed': 'authority name cards approvedBy',
  'card.enrolled': 'technology assurance revokedBefore',
  'card.misread': 'reader',
  'card.revoked': 'label ending directory',
  'ceremony.begun': 'identity approvedBy',
  'clock.wrong': 'milliseconds',
  'code.refused': 'what slip',
  'console.proof-accepted': 'address call',
  'credential.locked': 'failures where',
  'directory.client-added': 'directory client days address approvedBy',
  'directory.group-changed':
    'directory group groupBefore members joined left joinedPeople leftPeople role roleBefore gained lost',
  'emergency.codes-made': 'batch group count approvedBy',
  'emergency.codes-voided': 'count slips',
  'emergency.reviewed': 'review findings',
  'guard.started': 'former journal unsent missing broken unchained unproven bytes aheadSeconds',
  'hook.failed': 'event hook milliseconds',
  'journal.damaged': 'journal missing broken unchained unproven bytes',
  'journal.faulted': 'step code',
  'key.retired': 'purpose key letGo by',
  'log.begun-anew': 'before size root now shown',
  'log.excerpt-exported': 'format kind terminal supportCode period from to',
  'log.exported': 'from size',
  'log.forked': 'before size root shown',
  'log.month-dropped': 'until keptMonths events first last',
  'log.rolled-back': 'size signed root before revocations pushed',
  'log.unkept': 'size',
  'log.witnessed': 'now size root unreadable',
  'log.viewed': 'session kind terminal supportCode period from to',
  'offline.contested': 'loginAt openedAt revokedAt lockedAt locked',
  'offline.opened': 'loginAt until at assurance chain unproven',
  'offline.refused': 'proof',
  'passkey.enrolled': 'passkey synced address',
  'people.imported': 'import added changed suspended resumed unchanged',
  'periodic-review.begun': 'number from until digest',
  'periodic-review.signed': 'number digest next findings',
  'person.added': 'number roles state directory import',
  'person.changed':
    'number numberBefore name nameBefore kana kanaBefore roles rolesBefore externalId externalIdBefore familyName familyNameBefore givenName givenNameBefore',
  'person.recovery-begun': 'operator',
  'person.suspended': 'before directory',
  'policy.applied': 'number note changes',
  'proof.refused': 'failures proof',
  'reader.ready': 'reader',
  'request.refused': 'code call address directory leftOut count kind roles',
  'restore.practised': 'backup of rows by host',
  'revocation.confirmed': 'number what locked',
  'revocation.issued': 'number what subject returned',
  'revocation.returned': 'number what subject orderedAt issued',
  'screen.altered': 'first files',
  'screen.call-refused': 'window call',
  'screen.joined': 'runtime',
  'screen.opened': 'readyMs machineMs',
  'screen.repaired': 'what',
  'server.restored': 'of lines before incarnation by',
  'server.started': 'version',
  'session.ended': 'why directory',
  'substitute.ended': 'substitute why',
  'substitute.issued': 'substitute identity startsAt endsAt uses fewerRights',
  'terminal.announced': 'name group address',
  'terminal.changed': 'name nameBefore place placeBefore group groupBefore address',
  'terminal.connected': 'address clockOffsetMs',
  'terminal.enrolment-refused': 'address request',
  'terminal.renewed': 'address serial authority issuedAt endedAt',
} as const satisfies Partial<Record<StoredEvent['kind'], string>>;

for (const words of [ja, en]) {
  const labelsOf = (kind: StoredEvent['kind'], names: readonly string[]): readonly string[] =>
    detailOf(told(kind, Object.fromEntries(names.map((name) => [name, 1]))), words, tokyo).map(([label]) => label);

  describe(`details in ${words.language}`, () => {
    test('each that an event carries has a name in words, and no two of one event the same', () => {
      for (const [kind, all] of Object.entries(carried)) {
        const names = all.split(' ');
        const labels = labelsOf(kind as StoredEvent['kind'], names);
        for (const [place, label] of labels.entries()) assert.notEqual(label, names[place], kind);
        assert.equal(new Set(labels).size, labels.length, `${kind}: ${labels}`);
      }
    });

    test('an end is not called the month that was dropped, but for that event', () => {
      const until = (kind: StoredEvent['kind']) => labelsOf(kind, ['until'])[0];
      assert.equal(until('offline.opened'), words.say('detail.until'));
      assert.equal(until('periodic-review.begun'), words.say('detail.until'));
      assert.equal(until('log.month-dropped'), words.say('detail.log.month-dropped.until'));
      assert.notEqual(until('log.month-dropped'), until('offline.opened'));
    });
  });
}

for (const words of [ja, en])
  test(`each code among the details has words in ${words.language}`, () => {
    for (const [place, schema] of Object.entries(detailCodes)) {
      const at = place.lastIndexOf('.');
      const kind = at < 0 ? 'log.viewed' : (place.slice(0, at) as StoredEvent['kind']);
      const name = place.slice(at + 1);
      assert.ok(Object.hasOwn(eventKinds, kind), place);
      for (const code of schema.options) {
        const value = detailOf(told(kind, { [name]: code }), words, tokyo)[0]?.[1] ?? '';
        const isRole = /^roles?(Before)?$/.test(name);
        assert.ok(
          isRole ? value === words.tryNamed('role', code) : value.endsWith(` (${code})`),
          `${place} ${code}: ${value}`,
        );
      }
    }
  });

test('whom and what a detail names by an identifier is shown by the name', () => {
  const [one, other, gone] = ['a', 'b', 'c'].map((digit) => `00000000-0000-4000-8000-00000000000${digit}`);
  const detail = { approvedBy: `${one}`, joinedPeople: `${one} ${other} ${gone}`, subject: `${gone}` };
  const names = { [`${one}`]: '佐藤 花子 · 104233', [`${other}`]: '鈴木 一郎 · 104234' };
  assert.deepEqual(
    detailOf({ ...told('people.imported', detail), names }, en, tokyo).map(([, value]) => value),
    ['佐藤 花子 · 104233', `佐藤 花子 · 104233, 鈴木 一郎 · 104234, ${gone}`, gone],
  );
});

test('settings that a policy changed are called as in its editor', () => {
  const detail = { number: 3, changes: 'session.idleSeconds tries.soft what.is.cut-o' };
  const [idle, soft] = (['session.idleSeconds', 'tries.soft'] as const).map((path) =>
    ja.say(`policy-page.value.${path}`),
  );
  assert.equal(detailOf(told('policy.applied', detail), ja, tokyo)[1]?.[1], `${idle}・${soft}・what.is.cut-o`);
});

test('what a terminal wrote in the place of a code stays as it was written', () => {
  for (const text of ['toString', 'constructor', 'else where'])
    assert.equal(detailOf(told('credential.locked', { where: text }), en, tokyo)[0]?.[1], text);
});

test('times among the details are those of the zone, with their offset', () => {
  const detail = { startsAt: '2026-11-29T22:30:00.000Z', endsAt: '2026-11-30T22:30:00Z', uses: 3 };
  const values = (zone: string) => detailOf(told('substitute.issued', detail), en, zone).map(([, value]) => value);
  assert.deepEqual(values(tokyo), ['2026-11-30 07:30:00.000 +09:00', '2026-12-01 07:30:00.000 +09:00', '3']);
  assert.deepEqual(values('UTC'), ['2026-11-29 22:30:00.000 +00:00', '2026-11-30 22:30:00.000 +00:00', '3']);
});

test('what only looks like a time stays as it was written', () => {
  for (const text of ['2026-99-99T99:99:99Z', '2026-11-30Tbreakfast Z', '2026-11', '2026-11-30', '2026-11-30T01:02:03'])
    assert.equal(detailOf(told('offline.opened', { at: text }), en, tokyo)[0]?.[1], text);
});

test('roles are said in words before and after', () => {
  const detail = { rolesBefore: 'clinician', roles: 'clinician admin' };
  assert.deepEqual(
    detailOf(told('person.changed', detail), ja, tokyo).map(([, value]) => value),
    ['診療職員', '診療職員・管理者'],
  );
});

test('a file of the log has the details in the times of its other columns', () => {
  const { head, write } = logCsv(en, tokyo);
  assert.ok(head.startsWith(csvMark));
  const line = write([told('offline.opened', { until: '2026-11-30T04:00:00.000Z' })]);
  assert.ok(line.startsWith('2026-11-30 10:02:03.004 +09:00,'), line);
  assert.ok(line.includes(`${en.say('detail.until')}: 2026-11-30 13:00:00.000 +09:00`), line);
  assert.doesNotMatch(line, /\dZ/);
});
