import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { fragmentOf, invitationIn, languageIn, type Place, parsePlace } from './place.ts';

const filter = fc.record(
  {
    person: fc.uuid(),
    terminal: fc.uuid(),
    kind: fc.constant('card.revoked'),
    supportCode: fc.string({ minLength: 1 }),
    period: fc.constant('week'),
    from: fc.constant('2026-11-01T08:30'),
    to: fc.constant('2026-11-02'),
  },
  { requiredKeys: [] },
);
const place: fc.Arbitrary<Place> = fc.oneof(
  fc.constantFrom<Place>(
    { kind: 'overview' },
    { kind: 'speeds' },
    { kind: 'report', period: {} },
    { kind: 'report', period: { from: '2026-10-01', to: '' } },
    { kind: 'report', period: { from: '2026-10-01', to: '2026-10-31' } },
    { kind: 'people' },
    { kind: 'import' },
    { kind: 'directory' },
    { kind: 'card-authorities' },
    { kind: 'cards' },
    { kind: 'loan-cards' },
    { kind: 'terminals' },
    { kind: 'revocations' },
    { kind: 'approvals' },
    { kind: 'backups' },
    { kind: 'emergency-codes' },
    { kind: 'reviews' },
    { kind: 'policy' },
    { kind: 'periodic-reviews' },
    { kind: 'checklist' },
    { kind: 'proof' },
    { kind: 'sign-in' },
  ),
  fc.uuid().map((id): Place => ({ kind: 'person', id })),
  fc.uuid().map((id): Place => ({ kind: 'periodic-review', id })),
  fc.uuid().map((id): Place => ({ kind: 'event-proof', id })),
  fc
    .record({ finding: fc.constant('unused'), search: fc.string({ minLength: 1 }) }, { requiredKeys: [] })
    .map((given): Place => ({ kind: 'accounts', filter: { ...given } })),
  fc
    .record(
      { ids: fc.uuid(), aside: fc.uuid(), turn: fc.uuid(), since: fc.constant('2026-11-01T08:30:00.123Z') },
      { requiredKeys: [] },
    )
    .map((given): Place => ({ kind: 'card-queue', filter: { ...given } })),
  filter.map((given): Place => ({ kind: 'log', filter: { ...given } })),
);

test('a place survives its way through the address', () => {
  fc.assert(fc.property(place, (given) => assert.deepEqual(parsePlace(fragmentOf(given)), given)));
});

test('a list keeps its own search and order in the address, and takes none of another list', () => {
  const terminals: Place = { kind: 'terminals', filter: { search: '東 &=#', sort: 'seen', order: 'falling' } };
  assert.deepEqual(parsePlace(fragmentOf(terminals)), terminals);
  const cards: Place = { kind: 'cards', filter: { kind: 'own', technology: 'felica', state: 'active' } };
  assert.deepEqual(parsePlace(fragmentOf(cards)), cards);
  assert.deepEqual(parsePlace('#/people?what=card&role=admin&page=2'), { kind: 'people', filter: { role: 'admin' } });
  assert.deepEqual(parsePlace('#/people?do=add'), { kind: 'people' });
});

test('days of a report that are none are left out', () => {
  const given = parsePlace('#/report?from=yesterday&to=2026-10-31');
  assert.deepEqual(given, { kind: 'report', period: { to: '2026-10-31' } });
});

test('an address from elsewhere is no place and no error', () => {
  for (const fragment of ['', '#', '#/', '#/nowhere', '#invitation=abc']) assert.equal(parsePlace(fragment), undefined);
  fc.assert(fc.property(fc.string(), (fragment) => void parsePlace(fragment)));
});

test('an invitation is found in the fragment alone', () => {
  assert.equal(invitationIn('#invitation=a-B_9'), 'a-B_9');
  assert.equal(invitationIn('#invitation='), undefined);
  assert.equal(invitationIn('#/people'), undefined);
});

test('a terminal says in the fragment which language it shows', () => {
  assert.equal(languageIn('#language=ja'), 'ja');
  assert.equal(languageIn('#language=en'), 'en');
  for (const fragment of ['', '#language=fr', '#/people']) assert.equal(languageIn(fragment), undefined);
});
