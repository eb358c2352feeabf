import type {
  KnownState,
  Pcsc,
  PcscCard,
  PcscContext,
  PcscFailure,
  PcscFailureCode,
  SeenState,
} from '../reader/pcsc.ts';
import { after } from '../reader/timing.ts';
import { plugAndPlay, stateBits } from '../reader/winscard.ts';

/** A card for the fake service: `answer` may fail as the system does. */
export interface FakeCard {
  readonly atr: Uint8Array;
  readonly mute?: boolean;
  answer?(command: Uint8Array): Promise<Uint8Array | PcscFailureCode> | Uint8Array | PcscFailureCode;
}

/** A PC/SC service in memory for unit tests. Everything is off and refused until a test turns it on. */
export interface FakeReaders {
  readonly pcsc: Pcsc;
  startService(): void;
  stopService(): void;
  plug(reader: string): void;
  unplug(reader: string): void;
  insert(reader: string, card: FakeCard): void;
  remove(reader: string): void;
  /** The next connects to this reader fail so, in this order. */
  failConnects(reader: string, codes: readonly PcscFailureCode[]): void;
  /** Contexts not yet released. */
  open(): number;
}

interface Slot {
  card: FakeCard | undefined;
  count: number;
  connectFailures: PcscFailureCode[];
}

const refusal = Uint8Array.of(0x6d, 0x00);

function failure(code: PcscFailureCode): PcscFailure {
  return { ok: false, code, status: 0 };
}

export function createFakeReaders(): FakeReaders {
  const slots = new Map<string, Slot>();
  let running = false;
  let generation = 0;
  let contexts = 0;
  let waiters: (() => void)[] = [];

  function changed(): void {
    const woken = waiters;
    waiters = [];
    for (const wake of woken) wake();
  }

  function slotOf(reader: string): Slot {
    const slot = slots.get(reader);
    if (slot === undefined) throw new Error(`No reader ${reader}`);
    return slot;
  }

  function look({ reader, state }: KnownState): SeenState {
    const slot = slots.get(reader);
    const bits =
      slot === undefined
        ? stateBits.unknown
        : (slot.card ? stateBits.present : stateBits.empty) + (slot.card?.mute ? stateBits.mute : 0);
    const now = ((slot?.count ?? 0) << 16) | bits;
    return {
      reader,
      changed: now !== state,
      gone: slot === undefined,
      present: slot?.card !== undefined,
      mute: slot?.card?.mute === true,
      count: (slot?.count ?? 0) & 0xffff,
      atr: slot?.card?.atr ?? new Uint8Array(),
      state: now,
    };
  }

  function createCard(slot: Slot, card: FakeCard): PcscCard {
    const there = () => slot.card === card;
    const done = async () => (there() ? ({ ok: true, value: undefined } as const) : failure('no-card'));
    return {
      begin: done,
      end: done,
      disconnect: async () => ({ ok: true, value: undefined }),
      async transmit(command) {
        if (!there()) return failure('no-card');
        const answered = (await card.answer?.(command)) ?? refusal;
        return typeof answered === 'string' ? failure(answered) : { ok: true, value: answered };
      },
    };
  }

  function createContext(): PcscContext {
    const born = generation;
    const alive = () => running && born === generation;
    let cancelled = false;
    let released = false;
    contexts += 1;
    return {
      listReaders: async () => (alive() ? { ok: true, value: [...slots.keys()] } : failure('no-service')),
      async wait(known, milliseconds) {
        const readersBefore = slots.size;
        const timeUp = new AbortController();
        let over = false;
        void after(milliseconds, timeUp.signal).then(() => {
          over = true;
          changed();
        });
        try {
          for (;;) {
            if (cancelled) {
              cancelled = false;
              return failure('cancelled');
            }
            if (!alive()) return failure('no-service');
            const seen = known.filter(({ reader }) => reader !== plugAndPlay).map(look);
            if (seen.some((state) => state.changed) || slots.size !== readersBefore) return { ok: true, value: seen };
            if (over) return { ok: true, value: [] };
            await new Promise<void>((resolve) => waiters.push(resolve));
          }
        } finally {
          timeUp.abort();
        }
      },
      async connect(reader) {
        if (!alive()) return failure('no-service');
        const slot = slots.get(reader);
        if (slot === undefined) return failure('no-reader');
        const planned = slot.connectFailures.shift();
        if (planned !== undefined) return failure(planned);
        if (slot.card === undefined) return failure('no-card');
        return slot.card.mute ? failure('card-mute') : { ok: true, value: createCard(slot, slot.card) };
      },
      cancel() {
        cancelled = true;
        changed();
      },
      async release() {
        if (!released) contexts -= 1;
        released = true;
      },
    };
  }

  function put(reader: string, card: FakeCard | undefined): void {
    const slot = slotOf(reader);
    slot.card = card;
    slot.count += 1;
    changed();
  }

  return {
    pcsc: { establish: async () => (running ? { ok: true, value: createContext() } : failure('no-service')) },
    startService() {
      running = true;
    },
    stopService() {
      running = false;
      generation += 1;
      changed();
    },
    plug(reader) {
      slots.set(reader, { card: undefined, count: 0, connectFailures: [] });
      changed();
    },
    unplug(reader) {
      slots.delete(reader);
      changed();
    },
    insert: put,
    remove: (reader) => put(reader, undefined),
    failConnects(reader, codes) {
      slotOf(reader).connectFailures.push(...codes);
    },
    open: () => contexts,
  };
}
