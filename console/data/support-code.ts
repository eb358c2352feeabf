/** As people read it to each other: without regard to case, width, spaces and hyphens. Undefined when it is none. */
export const tryReadSupportCode = (heard: string): string | undefined => {
  const typed = heard.normalize('NFKC').trim().toUpperCase();
  const plain = typed.replace(/[^0-9A-Z]/g, '');
  if (plain.length !== 9) return undefined;
  const isGrouped = /^[0-9A-Z]{3}[-\s‐-―−ー][0-9A-Z]{3}[-\s‐-―−ー][0-9A-Z]{3}$/.test(typed);
  // Nine digits in a row are rather somebody's number.
  if (!isGrouped && (plain !== typed || /^\d+$/.test(plain))) return undefined;
  return plain.replace(/(.{3})(.{3})(.{3})/, '$1-$2-$3');
};
