import type { ImportColumn } from '#contract/api/imports.ts';
import type { Role } from '#contract/api/row.ts';

/** Words as they are compared: width, case and spaces make no difference. */
const fold = (text: string): string =>
  text
    .normalize('NFKC')
    .toLowerCase()
    .replace(/[\s_-]/g, '');

const table = <Meaning>(words: readonly (readonly [Meaning, string])[]): ReadonlyMap<string, Meaning> =>
  new Map(words.flatMap(([meaning, names]) => names.split(' ').map((name) => [fold(name), meaning] as const)));

const headers = table<ImportColumn>([
  [
    'number',
    '職員番号 職員コード 職員ID 職員No 社員番号 利用者ID number staffnumber staffno employeenumber employeeid id',
  ],
  ['name', '氏名 職員氏名 職員名 漢字氏名 名前 name fullname displayname'],
  ['kana', 'フリガナ ふりがな カナ カナ氏名 氏名カナ 氏名フリガナ kana furigana'],
  ['roles', '役割 権限 ロール role roles'],
  ['state', '状態 利用状態 利用区分 在籍区分 在職区分 在籍状況 state status'],
]);

const roleNames = table<Role>([
  ['clinician', '診療職員 医療職 職員 clinician'],
  ['helpdesk', 'ヘルプデスク helpdesk'],
  ['admin', '管理者 admin administrator'],
  ['auditor', '監査 監査者 監査担当 auditor'],
  ['operator', '運用 運用者 運用担当 operator'],
]);

const stateNames = table<'active' | 'suspended'>([
  ['active', '有効 利用中 在籍 在職 active'],
  ['suspended', '停止 利用停止 無効 休職 退職 離職 suspended inactive'],
]);

/** What a header means; undefined for a column that is not looked at. */
export const readHeader = (text: string): ImportColumn | undefined => headers.get(fold(text));

export const readState = (text: string): 'active' | 'suspended' | undefined => stateNames.get(fold(text));

/** Roles by their names in either language, with anything usual between them; undefined when one is unknown. */
export const readRoles = (text: string): Role[] | undefined => {
  const given = text
    .normalize('NFKC')
    .split(/[\s,、;・/|]+/)
    .filter((word) => word !== '');
  const roles = given.map((word) => roleNames.get(fold(word)));
  return roles.some((role) => role === undefined) ? undefined : [...new Set(roles as Role[])];
};
