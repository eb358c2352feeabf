import { success } from '#core/card/apdu.ts';
import { parsePollingAnswer, pn53x, pollingFrame, transparent } from '#core/card/felica.ts';
import { askIdentifier, judgeIdentifier } from './contactless.ts';
import { type CardChannel, type CardDriver, type Exchange, misread } from './driver.ts';

/** What readers poll for by themselves: the card's first system. */
const firstSystem = 'FFFF';

const pollingMicroseconds = 100_000;

/**
 * FeliCa by its IDm. A card with several systems has another IDm for each (the upper four bits differ), so the system
 * asked for is part of the identifier and must be the same at every terminal.
 */
export const felica: CardDriver = {
  name: 'felica',
  claims: (atr) => atr.kind === 'storage' && atr.technology === 'felica',
  async identify(channel, settings) {
    const systemCode = settings.felicaSystemCode;
    const exchange = systemCode === firstSystem ? await askIdentifier(channel) : await poll(channel, systemCode);
    if (exchange === undefined) return misread('unreadable');
    const identified = judgeIdentifier('felica', exchange);
    if (identified.kind !== 'card') return identified;
    return { kind: 'card', card: { ...identified.card, systemCode } };
  },
};

/** How a reader model lets a polling frame through, by a part of its name. Any other model is asked by the standard. */
const profiles: readonly (readonly [part: string, poll: typeof pollTransparently])[] = [['ACR122', pollPn53x]];

function poll(channel: CardChannel, systemCode: string): Promise<Exchange | undefined> {
  const profile = profiles.find(([part]) => channel.reader.includes(part));
  return (profile?.[1] ?? pollTransparently)(channel, systemCode);
}

async function pollTransparently(channel: CardChannel, systemCode: string): Promise<Exchange | undefined> {
  const started = await channel.transmit(transparent.start);
  if (!started.ok) return started;
  const answer = await exchangeTransparently(channel, systemCode);
  await channel.transmit(transparent.end);
  return answer;
}

async function exchangeTransparently(channel: CardChannel, systemCode: string): Promise<Exchange | undefined> {
  const switched = await channel.transmit(transparent.felica);
  if (!switched.ok) return switched;
  const command = transparent.exchange(pollingFrame(systemCode), pollingMicroseconds);
  return withIdm(await channel.transmit(command), systemCode, transparent.parseAnswer);
}

async function pollPn53x(channel: CardChannel, systemCode: string): Promise<Exchange | undefined> {
  return withIdm(await channel.transmit(pn53x.poll(systemCode)), systemCode, pn53x.parseAnswer);
}

function withIdm(
  exchange: Exchange,
  systemCode: string,
  parse: (data: Uint8Array) => Uint8Array | undefined,
): Exchange | undefined {
  if (!exchange.ok) return exchange;
  if (exchange.reply.status !== success) return undefined;
  const frame = parse(exchange.reply.data);
  const idm = frame && parsePollingAnswer(frame, systemCode);
  return idm && { ok: true, reply: { data: idm, status: success } };
}
