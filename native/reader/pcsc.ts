import {
  type Disposition,
  dispositions,
  ioRequest,
  longestReply,
  protocolT0orT1,
  type RawReaderState,
  scopeSystem,
  shareShared,
  stateBits,
  statusCodes,
  type Winscard,
} from './winscard.ts';

/** Why a PC/SC call failed, as far as callers act on it differently. */
export type PcscFailureCode =
  | 'no-service'
  | 'no-reader'
  | 'no-card'
  | 'card-mute'
  | 'card-reset'
  | 'sharing-violation'
  | 'cancelled'
  | 'timeout'
  | 'unexpected';

export interface PcscFailure {
  readonly ok: false;
  readonly code: PcscFailureCode;
  /** The system's own code, for the log. */
  readonly status: number;
}
export type PcscResult<T> = { readonly ok: true; readonly value: T } | PcscFailure;

/** What is known of a reader before a wait; `state` 0 asks for an immediate answer. */
export interface KnownState {
  readonly reader: string;
  readonly state: number;
}

export interface SeenState {
  readonly reader: string;
  readonly changed: boolean;
  /** The reader is gone, or its state cannot be known. */
  readonly gone: boolean;
  readonly present: boolean;
  readonly mute: boolean;
  /** Insertions and removals so far, modulo 65536. */
  readonly count: number;
  readonly atr: Uint8Array;
  /** To be handed to the next wait. */
  readonly state: number;
}

export interface PcscCard {
  begin(): Promise<PcscResult<void>>;
  /** Whatever the reader answered, also nothing at all: the caller judges its length. */
  transmit(command: Uint8Array): Promise<PcscResult<Uint8Array>>;
  end(): Promise<PcscResult<void>>;
  disconnect(disposition: Disposition): Promise<PcscResult<void>>;
}

/** One connection to the service. Its calls wait for each other: use one for each purpose. */
export interface PcscContext {
  listReaders(): Promise<PcscResult<string[]>>;
  wait(known: readonly KnownState[], milliseconds: number): Promise<PcscResult<SeenState[]>>;
  connect(reader: string): Promise<PcscResult<PcscCard>>;
  /** Ends a wait that is under way. */
  cancel(): void;
  release(): Promise<void>;
}

export interface Pcsc {
  establish(): Promise<PcscResult<PcscContext>>;
}

const failureCodes: ReadonlyMap<number, PcscFailureCode> = new Map([
  [statusCodes.noService, 'no-service'],
  [statusCodes.serviceStopped, 'no-service'],
  [statusCodes.communication, 'no-service'],
  [statusCodes.invalidHandle, 'no-service'],
  [statusCodes.windowsInvalidHandle, 'no-service'],
  [statusCodes.noReaders, 'no-reader'],
  [statusCodes.unknownReader, 'no-reader'],
  [statusCodes.readerUnavailable, 'no-reader'],
  [statusCodes.noSmartcard, 'no-card'],
  [statusCodes.cardRemoved, 'no-card'],
  [statusCodes.notTransacted, 'no-card'],
  [statusCodes.cardUnresponsive, 'card-mute'],
  [statusCodes.cardUnpowered, 'card-mute'],
  [statusCodes.cardUnsupported, 'card-mute'],
  [statusCodes.unknownCard, 'card-mute'],
  [statusCodes.protocolMismatch, 'card-mute'],
  [statusCodes.cardReset, 'card-reset'],
  [statusCodes.sharingViolation, 'sharing-violation'],
  [statusCodes.cancelled, 'cancelled'],
  [statusCodes.timeout, 'timeout'],
]);

function outcome<T>(status: number, value: () => T): PcscResult<T> {
  if (status === statusCodes.success) return { ok: true, value: value() };
  return { ok: false, code: failureCodes.get(status) ?? 'unexpected', status };
}

const nothing = () => undefined;

export function createPcsc(winscard: Winscard): Pcsc {
  return {
    async establish() {
      const context: [number] = [0];
      const status = await winscard.establishContext(scopeSystem, null, null, context);
      return outcome(status, () => createContext(winscard, context[0]));
    },
  };
}

/** For a machine without a PC/SC library. */
export const absentPcsc: Pcsc = {
  establish: async () => ({ ok: false, code: 'no-service', status: statusCodes.noService }),
};

function createContext(winscard: Winscard, context: number): PcscContext {
  let released = false;
  // Calls of one context follow each other, so their answers share this room.
  const room = new Uint8Array(longestReply);
  const names = new Uint8Array(16_384);
  return {
    async listReaders() {
      const length: [number] = [names.length];
      const status = await winscard.listReaders(context, null, names, length);
      if (status === statusCodes.noReaders) return { ok: true, value: [] };
      return outcome(status, () =>
        new TextDecoder()
          .decode(names.subarray(0, length[0]))
          .split('\0')
          .filter((name) => name !== ''),
      );
    },
    async wait(known, milliseconds) {
      const states = known.map(rawState);
      const status = await winscard.getStatusChange(context, milliseconds, states, states.length);
      if (status === statusCodes.timeout) return { ok: true, value: [] };
      return outcome(status, () => states.map(seenState));
    },
    async connect(reader) {
      const card: [number] = [0];
      const protocol: [number] = [0];
      const status = await winscard.connect(context, reader, shareShared, protocolT0orT1, card, protocol);
      return outcome(status, () => createCard(winscard, card[0], protocol[0], room));
    },
    cancel() {
      if (!released) winscard.cancel(context);
    },
    async release() {
      if (released) return;
      released = true;
      await winscard.releaseContext(context);
    },
  };
}

function createCard(winscard: Winscard, card: number, protocol: number, room: Uint8Array): PcscCard {
  const request = ioRequest(protocol);
  return {
    begin: async () => outcome(await winscard.beginTransaction(card), nothing),
    async transmit(command) {
      const length: [number] = [room.length];
      const status = await winscard.transmit(card, request, command, command.length, null, room, length);
      return outcome(status, () => room.slice(0, length[0]));
    },
    end: async () => outcome(await winscard.endTransaction(card, dispositions.leave), nothing),
    disconnect: async (disposition) => outcome(await winscard.disconnect(card, dispositions[disposition]), nothing),
  };
}

function rawState(known: KnownState): RawReaderState {
  return {
    szReader: known.reader,
    pvUserData: null,
    dwCurrentState: known.state,
    dwEventState: 0,
    cbAtr: 0,
    rgbAtr: new Uint8Array(process.platform === 'win32' ? 36 : 33),
  };
}

function seenState(raw: RawReaderState): SeenState {
  const bits = raw.dwEventState;
  const has = (bit: number) => (bits & bit) !== 0;
  return {
    reader: raw.szReader,
    changed: has(stateBits.changed),
    gone: has(stateBits.unknown) || has(stateBits.unavailable),
    present: has(stateBits.present),
    mute: has(stateBits.mute),
    count: (bits >>> 16) & 0xffff,
    atr: raw.rgbAtr.slice(0, raw.cbAtr),
    state: (bits & ~stateBits.changed) >>> 0,
  };
}
