import { createHash } from 'node:crypto';
import type { ImportPlan } from '#contract/api/imports.ts';
import type { PersonId } from '#contract/ids.ts';
import { nothingPlanned, type Planned, planImport } from '#core/people/import.ts';
import type { Transaction } from '../store/database.ts';
import { lockPeople } from '../store/directory-roles.ts';
import { record, recordAll } from '../store/events.ts';
import { insertAll, listEverybody, updateAll } from '../store/people-import.ts';
import type { Author } from './author.ts';
import { describeChange } from './change.ts';
import { readCsv } from './read-csv.ts';
import { recordRoles } from './roles.ts';
import { suspendPeople } from './suspend.ts';

export interface Upload {
  readonly text: string;
  readonly suspendMissing: boolean;
}

/** What the file would change at this moment. The digest covers people before and after, and the options. */
export const plan = async (tx: Transaction, upload: Upload, importer: PersonId): Promise<ImportPlan> => {
  const read = readCsv(upload.text);
  const { suspendMissing } = upload;
  const planned: Planned =
    'problem' in read
      ? nothingPlanned([read.problem])
      : planImport({ lines: read.lines, people: await listEverybody(tx), importer, suspendMissing });
  const digest = createHash('sha256')
    .update(JSON.stringify([planned, suspendMissing]))
    .digest('hex');
  return { digest, ...planned };
};

/** The people changed between the plan and now: thrown, so that nothing of it stays. */
export class Stale extends Error {}

export interface Applied {
  readonly added: number;
  readonly changed: number;
  readonly suspended: number;
  readonly resumed: number;
  readonly unchanged: number;
  readonly revocations: number[];
}

/** Everybody whom the plan touches, held until the transaction ends; then it is to be planned again. */
export const hold = async (tx: Transaction, { changed, suspended }: ImportPlan, importer: PersonId): Promise<void> => {
  await lockPeople(tx, [importer, ...changed.map(({ id }) => id), ...suspended.map(({ person }) => person.id)]);
};

/** Exactly the plan, with an event for each person and one for the import. */
export const apply = async (
  tx: Transaction,
  now: Date,
  { digest, added, changed, suspended, unchanged }: ImportPlan,
  { actor, terminal }: Author,
): Promise<Applied> => {
  const author: Author = { actor, terminal, detail: { import: digest.slice(0, 16) } };
  const facts = { outcome: 'success', actor, terminal } as const;
  const ids = await insertAll(
    tx,
    now,
    added.map(({ person }) => person),
  );
  if (ids === undefined) throw new Stale();
  await recordAll(
    tx,
    now,
    added.map(({ person }, place) => ({
      ...facts,
      kind: 'person.added',
      person: ids[place] ?? null,
      reason: 'import',
      detail: { ...author.detail, number: person.number, roles: person.roles.join(' ') },
    })),
  );
  await updateAll(
    tx,
    now,
    changed.map(({ id, after }) => ({ id, ...after })),
  );
  const told = changed.map(({ id, before, after }) => ({
    id,
    before,
    after,
    details: describeChange({ id, ...before }, { id, ...after }),
  }));
  await recordAll(
    tx,
    now,
    told.flatMap(({ id, details }) =>
      Object.keys(details).length === 0
        ? []
        : [
            {
              ...facts,
              kind: 'person.changed',
              person: id,
              reason: 'details',
              detail: { ...author.detail, ...details },
            },
          ],
    ),
  );
  const roles = told.filter(({ before, after }) => before.roles.join() !== after.roles.join());
  await recordRoles(
    tx,
    now,
    roles.map(({ id, before, after }) => ({ person: id, before: before.roles, after: after.roles })),
    author,
  );
  const resumed = told.filter(({ before, after }) => before.state !== after.state);
  await recordAll(
    tx,
    now,
    resumed.map(({ id }) => ({
      ...facts,
      kind: 'person.resumed',
      person: id,
      reason: 'import',
      detail: author.detail,
    })),
  );
  const named = suspended.filter(({ line }) => line !== null).map(({ person }) => person.id);
  const missing = suspended.filter(({ line }) => line === null).map(({ person }) => person.id);
  const revocations = [
    ...(await suspendPeople(tx, now, named, author, 'import')),
    ...(await suspendPeople(tx, now, missing, author, 'not-in-file')),
  ];
  const counts = {
    added: added.length,
    changed: changed.length,
    suspended: suspended.length,
    resumed: resumed.length,
    unchanged,
  };
  await record(tx, now, { ...facts, kind: 'people.imported', detail: { ...author.detail, ...counts } });
  return { ...counts, revocations };
};
