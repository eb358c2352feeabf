import type { Transaction } from './database.ts';
import { ownerOf } from './invitations.ts';

/** Something sealed in a row, and to whom; see `sealSeed`. */
export interface SealedRow {
  readonly id: string;
  readonly owner: string;
  readonly sealed: unknown;
}

interface SealedColumn {
  readonly table: string;
  readonly column: string;
  readonly where: string;
  /** SQL for the owner. */
  readonly owner: string;
  /** Column of the primary key, its text, what makes it of a text, and the lowest one there is. */
  readonly id: string;
  readonly idText: string;
  readonly toId: (text: string) => string;
  readonly lowest: string;
}

const ofCredential = {
  table: 'credential',
  owner: 'person::text',
  id: 'id',
  idText: 'id::text',
  toId: (text: string) => `${text}::uuid`,
  lowest: '00000000-0000-0000-0000-000000000000',
} as const;

/** Every column that holds something sealed; `key-use.ts` counts the same. */
export const sealedColumns: readonly SealedColumn[] = [
  { ...ofCredential, column: 'secret', where: "kind = 'totp' and secret is not null" },
  { ...ofCredential, column: 'pending', where: "kind = 'totp' and pending is not null" },
  {
    table: 'invitation',
    column: 'seed',
    where: 'used_at is null',
    owner: `'${ownerOf(Buffer.alloc(0))}' || encode(code_hash, 'hex')`,
    id: 'code_hash',
    idText: "encode(code_hash, 'hex')",
    toId: (text) => `decode(${text}, 'hex')`,
    lowest: '',
  },
];

/** Rows after this one that another key than `newest` sealed, or that are of the old form; held until the transaction ends. */
export const lockSealedRows = (
  tx: Transaction,
  { table, column, where, owner, id, idText, toId, lowest }: SealedColumn,
  asked: { readonly newest: number; readonly after: string | undefined; readonly limit: number },
): Promise<SealedRow[]> =>
  tx.query<SealedRow>(
    `select ${idText} as id, ${owner} as owner, ${column} as sealed from ${table}
      where ${where} and ${id} > ${toId('$2')}
        and (${column}->>'key' is distinct from $1 or ${column}->>'wrapped' is null)
      order by ${id} limit $3 for no key update`,
    [String(asked.newest), asked.after ?? lowest, asked.limit],
  );

export const replaceSealed = async (
  tx: Transaction,
  { table, column, id, toId }: SealedColumn,
  row: string,
  sealed: object,
): Promise<void> => {
  await tx.query(`update ${table} set ${column} = $2 where ${id} = ${toId('$1')}`, [row, JSON.stringify(sealed)]);
};
