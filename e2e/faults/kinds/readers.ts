/** Readers and screens that go away. */
import type { Fault } from './fault.ts';

export const readerServiceKilled: Fault = async ({ site, terminal }) => {
  const { readers } = site.terminals[terminal].ward;
  await readers.kill();
  return () => readers.restart();
};
export const readerUnplugged: Fault = async ({ site, terminal }) => {
  const { readers } = site.terminals[terminal].ward;
  if (readers.driver !== 'kazasu') return undefined;
  await readers.unplug(0);
  return () => readers.plug(0);
};
/** Cards are torn out while they answer. */
export const cardsTorn: Fault = ({ site, terminal }) => {
  site.terminals[terminal].tear(true);
  return () => site.terminals[terminal].tear(false);
};
export const screenLost: Fault = ({ site, terminal }) => {
  site.terminals[terminal].loseScreen();
  return undefined;
};
