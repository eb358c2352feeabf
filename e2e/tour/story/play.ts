import { readEnglish, workOnTheWard } from './day.ts';
import { breakThings } from './faults.ts';
import { readLog } from './log.ts';
import { openHospital } from './opening.ts';
import { enrolPeople } from './people.ts';
import { refuseCards } from './refusals.ts';
import { openConsoleAtTerminal, revokeCard } from './revocation.ts';
import type { Beginning } from './tour.ts';

/** The whole story, chapter by chapter. */
export async function play(beginning: Beginning, folder: string): Promise<void> {
  const tour = await openHospital(beginning);
  const { helpdesk, seed } = await enrolPeople(tour);
  await workOnTheWard(tour, seed);
  await readEnglish(tour);
  await refuseCards(tour, helpdesk);
  await breakThings(tour);
  await revokeCard(tour, helpdesk);
  await openConsoleAtTerminal(tour);
  await readLog(tour, folder);
}
