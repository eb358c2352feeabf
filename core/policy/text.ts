/** Text for people as it is stored: NFC, without control characters and bidirectional overrides, cut at the ends. */
export const cleanText = (text: string): string =>
  text
    .normalize('NFC')
    .replace(/[\p{Cc}\p{Cs}\u202a-\u202e\u2066-\u2069]/gu, '')
    .trim();

/** Staff numbers are compared without regard to full-width characters. */
export const normaliseNumber = (number: string): string => cleanText(number.normalize('NFKC'));

/** Half-width kana, as older systems write them, become full-width ones. */
export const cleanKana = (kana: string): string => cleanText(kana.normalize('NFKC'));

/** Older and other forms of characters in names (異体字), and below each the one that it is searched as. */
export const nameVariants = {
  from: '髙﨑嵜碕𠮷齋齊斉邊邉濱濵澤廣眞國圀櫻嶋嶌瀨德惠渕冨桒栁槗條榮圓豐來應學實壽關鐵瀧龍萬與會淸靜曾增槇柗舘舩禮藏總黑緖步曻敎劍將澁亞傳兒凉凛勳卷壯寬寶寳峯嶽彌恆曉樂權氣滿稻穗縣聰舍莊萠蘆藥覺觀讓賴遙邨郞鄕靑顯鷗鹽麥黃薗籠檜藪頴祢',
  to: '高崎崎崎吉斎斎斎辺辺浜浜沢広真国国桜島島瀬徳恵淵富桑柳橋条栄円豊来応学実寿関鉄滝竜万与会清静曽増槙松館船礼蔵総黒緒歩昇教剣将渋亜伝児涼凜勲巻壮寛宝宝峰岳弥恒暁楽権気満稲穂県聡舎荘萌芦薬覚観譲頼遥村郎郷青顕鴎塩麦黄園篭桧薮穎禰',
} as const;
const variantOf = new Map(
  Array.from(nameVariants.from, (form, place) => [form, Array.from(nameVariants.to)[place] ?? form]),
);

/**
 * Folds case, width, kana, spaces and forms of characters, so that やまだ, ﾔﾏﾀﾞ and ヤ マダ are found by each other, and so
 * are 高橋 and 髙橋. Variation selectors (UTS #37) choose among drawings of one character and are left out.
 */
export const foldForSearch = (text: string): string =>
  Array.from(cleanText(text).normalize('NFKC').toLowerCase(), (form) => variantOf.get(form) ?? form)
    .join('')
    .replace(/[\u3041-\u3096]/g, (kana) => String.fromCodePoint(kana.charCodeAt(0) + 0x60))
    .replace(/[\s\p{Variation_Selector}]/gu, '');
