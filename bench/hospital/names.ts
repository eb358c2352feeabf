import type { Random } from '#e2e/faults/random.ts';

/** Family and given names as they are common in Japan, each with its reading. */
const families = `佐藤サトウ 鈴木スズキ 高橋タカハシ 田中タナカ 伊藤イトウ 渡辺ワタナベ 山本ヤマモト 中村ナカムラ 小林コバヤシ 加藤カトウ
吉田ヨシダ 山田ヤマダ 佐々木ササキ 山口ヤマグチ 松本マツモト 井上イノウエ 木村キムラ 林ハヤシ 斎藤サイトウ 清水シミズ 山崎ヤマザキ 森モリ
池田イケダ 橋本ハシモト 阿部アベ 石川イシカワ 山下ヤマシタ 中島ナカジマ 石井イシイ 小川オガワ 前田マエダ 岡田オカダ 長谷川ハセガワ 藤田フジタ
後藤ゴトウ 近藤コンドウ 村上ムラカミ 遠藤エンドウ 青木アオキ 坂本サカモト 齊藤サイトウ 福田フクダ 太田オオタ 西村ニシムラ 藤井フジイ 岡本オカモト
藤原フジワラ 金子カネコ 中野ナカノ 三浦ミウラ 原田ハラダ 中川ナカガワ 松田マツダ 竹内タケウチ 小野オノ 田村タムラ 中山ナカヤマ 和田ワダ 石田イシダ
森田モリタ 上田ウエダ 原ハラ 内田ウチダ 柴田シバタ 酒井サカイ 宮崎ミヤザキ 横山ヨコヤマ 髙木タカギ 安藤アンドウ 宮本ミヤモト 大野オオノ 小島コジマ
谷口タニグチ 今井イマイ 工藤クドウ 増田マスダ 丸山マルヤマ 杉山スギヤマ 村田ムラタ 大塚オオツカ 新井アライ 小山コヤマ 平野ヒラノ 藤本フジモト
河野コウノ 上野ウエノ 野口ノグチ 武田タケダ 松井マツイ 千葉チバ 菅原スガワラ 岩崎イワサキ 久保クボ 木下キノシタ 佐野サノ 野村ノムラ 渡邊ワタナベ
渡邉ワタナベ 松尾マツオ 市川イチカワ 菊地キクチ 杉本スギモト 古川フルカワ 大西オオニシ 島田シマダ 水野ミズノ 桜井サクライ 﨑山サキヤマ 髙田タカダ`;
const givens = `陽葵ヒマリ 凛リン 結菜ユイナ 葵アオイ 美咲ミサキ 花子ハナコ 由美子ユミコ 恵子ケイコ 裕子ユウコ 直美ナオミ 香織カオリ 智子トモコ 真由美マユミ
明美アケミ 麻衣マイ 彩アヤ 愛アイ 千尋チヒロ 遥ハルカ 七海ナナミ 美穂ミホ 久美子クミコ 典子ノリコ 幸子サチコ 和子カズコ 京子キョウコ 理恵リエ 綾子アヤコ
美香ミカ 優子ユウコ 絵里エリ 沙織サオリ 友美トモミ 志保シホ 早紀サキ 桃子モモコ 詩織シオリ 瞳ヒトミ 梓アズサ 楓カエデ 太郎タロウ 一郎イチロウ 健太ケンタ
翔ショウ 大輔ダイスケ 拓也タクヤ 誠マコト 浩ヒロシ 剛ツヨシ 隆タカシ 学マナブ 哲也テツヤ 和也カズヤ 直樹ナオキ 達也タツヤ 亮リョウ 健一ケンイチ 修オサム
茂シゲル 豊ユタカ 悠斗ユウト 蓮レン 湊ミナト 陽翔ハルト 樹イツキ 大和ヤマト 颯ハヤテ 海斗カイト 雄介ユウスケ 慎也シンヤ 康平コウヘイ 正樹マサキ 博之ヒロユキ
敏行トシユキ 英明ヒデアキ 洋平ヨウヘイ 俊介シュンスケ 祐樹ユウキ 恭子キョウコ 文香フミカ 千夏チナツ 奈々ナナ 舞マイ 茜アカネ 真琴マコト 薫カオル 光ヒカル`;

interface Name {
  readonly text: string;
  readonly kana: string;
}

const read = (list: string): readonly Name[] =>
  list.split(/\s+/).map((entry) => {
    const [, text = '', kana = ''] = /^(.+?)([ァ-ー]+)$/u.exec(entry) ?? [];
    return { text, kana };
  });
const familyNames = read(families);
const givenNames = read(givens);

export interface FullName {
  readonly name: string;
  readonly kana: string;
}

export const drawName = (random: Random): FullName => {
  const family = random.pick(familyNames);
  const given = random.pick(givenNames);
  return { name: `${family.text} ${given.text}`, kana: `${family.kana} ${given.kana}` };
};

/** When a place is used: around the clock, by day, or in the hours of an office. */
export type Hours = 'always' | 'day' | 'office';

/** A part of the hospital: where terminals stand and people work. */
export interface Ward {
  readonly place: string;
  /** What names of its terminals begin with. */
  readonly short: string;
  readonly group: string;
  readonly hours: Hours;
  /** How many of the hospital’s people and terminals are there, against the others. */
  readonly size: number;
}

const bedWards: readonly Ward[] = Array.from({ length: 8 }, (_, floor) => floor + 3).flatMap((floor) =>
  ['東', '西', '南'].map((side) => ({
    place: `${floor}階${side}病棟`,
    short: `${floor}${side}`,
    group: '病棟',
    hours: 'always' as const,
    size: 4,
  })),
);

export const wards: readonly Ward[] = [
  ...bedWards,
  { place: '救急外来', short: 'ER', group: '救急', hours: 'always', size: 5 },
  { place: '集中治療室', short: 'ICU', group: '集中治療', hours: 'always', size: 5 },
  { place: '新生児集中治療室', short: 'NICU', group: '集中治療', hours: 'always', size: 3 },
  { place: '手術部', short: 'OR', group: '手術', hours: 'day', size: 6 },
  { place: '内科外来', short: '内外', group: '外来', hours: 'office', size: 6 },
  { place: '外科外来', short: '外外', group: '外来', hours: 'office', size: 5 },
  { place: '小児科外来', short: '小外', group: '外来', hours: 'office', size: 3 },
  { place: '産婦人科外来', short: '産外', group: '外来', hours: 'office', size: 3 },
  { place: '眼科・耳鼻科外来', short: '眼耳', group: '外来', hours: 'office', size: 3 },
  { place: '薬剤部', short: '薬', group: '中央診療', hours: 'day', size: 4 },
  { place: '検査部', short: '検', group: '中央診療', hours: 'day', size: 4 },
  { place: '放射線部', short: '放', group: '中央診療', hours: 'day', size: 4 },
  { place: 'リハビリテーション部', short: 'リハ', group: '中央診療', hours: 'office', size: 3 },
  { place: '医事課', short: '医事', group: '事務', hours: 'office', size: 5 },
  { place: '医療情報部', short: '情報', group: '事務', hours: 'office', size: 1 },
];
