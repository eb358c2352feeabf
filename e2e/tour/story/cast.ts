import { iso14443a, randomUid, slow } from '#e2e/card/cards.ts';

export const terminalName = '3東-NS-02';
export const place = '3階東病棟';

export const hanako = { number: '004217', name: '山田 花子', kana: 'ヤマダ ハナコ', pin: '73019462' };
export const taro = { number: '004218', name: '佐藤 太郎', kana: 'サトウ タロウ', pin: '58203917' };
export const megumi = { number: '000210', name: '相談 恵', kana: 'ソウダン メグミ', pin: '40682753' };
export const ichiro = { number: '000001', name: '管理 一郎', kana: 'カンリ イチロウ' };

export const cards = {
  hanako: iso14443a('04A1B2C3D4E580'),
  /** The same card with a slow chip, so that one can look at the screen while it is being read. */
  hanakoSlowly: slow('04A1B2C3D4E580', 1_200),
  taro: iso14443a('04112233445566'),
  megumi: iso14443a('045566778899A0'),
  stranger: iso14443a('04DEADBEEF0102'),
  phone: randomUid(),
} as const;

/** Made up for this story alone; the hospital that it opens is gone when the tour ends. */
export const passwords = {
  ichiro: 'asagao to semi no natsu',
  megumi: 'thirteen lamps above a quiet ward',
} as const;
