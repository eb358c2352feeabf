import { parseArgs } from 'node:util';
import { languages, nameOf, sizes } from './camera.ts';
import { approvedFolder, describeFaults, visitGallery } from './gallery.ts';

/**
 * Takes every picture of the screen in the real program, to dist/gallery/, and compares it with the approved one.
 * `npm run gallery [-- --approve size=1024x768 language=en only=secret]`
 */
const { values, positionals } = parseArgs({ options: { approve: { type: 'boolean' } }, allowPositionals: true });
const given = Object.fromEntries(positionals.map((one) => one.split('=', 2) as [string, string]));
const { size, language, only = '' } = given;
const approving = values.approve === true;

const wantedLanguages = languages.filter((one) => language === undefined || one === language);
const faults = await visitGallery(
  sizes.filter((one) => size === undefined || nameOf(one) === size),
  {
    languages: wantedLanguages,
    isWanted: (name) => name.includes(only) && wantedLanguages.some((one) => name.endsWith(`.${one}`)),
  },
  { approving, keeping: true },
);
if (faults.length > 0) {
  console.log(describeFaults(faults));
  process.exitCode = 1;
} else console.log(approving ? `Approved: ${approvedFolder}` : 'Every picture is as it was approved.');
