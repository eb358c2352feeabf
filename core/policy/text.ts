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

/** Folds case, width, kana and spaces, so that やまだ, ﾔﾏﾀﾞ and ヤ マダ are found by each other. */
export const foldForSearch = (text: string): string =>
  cleanText(text)
    .normalize('NFKC')
    .toLowerCase()
    .replace(/[\u3041-\u3096]/g, (kana) => String.fromCodePoint(kana.charCodeAt(0) + 0x60))
    .replace(/\s/g, '');
