import koffi, { type TypeObject } from 'koffi';

/** Call status codes that are told apart; the same numbers in pcsc-lite and in Windows. */
export const statusCodes = {
  success: 0x00000000,
  /** Windows: the context belongs to a service that has ended. */
  windowsInvalidHandle: 0x00000006,
  cancelled: 0x80100002,
  invalidHandle: 0x80100003,
  unknownReader: 0x80100009,
  timeout: 0x8010000a,
  sharingViolation: 0x8010000b,
  noSmartcard: 0x8010000c,
  unknownCard: 0x8010000d,
  protocolMismatch: 0x8010000f,
  communication: 0x80100013,
  notTransacted: 0x80100016,
  readerUnavailable: 0x80100017,
  noService: 0x8010001d,
  serviceStopped: 0x8010001e,
  noReaders: 0x8010002e,
  cardUnsupported: 0x80100065,
  cardUnresponsive: 0x80100066,
  cardUnpowered: 0x80100067,
  cardReset: 0x80100068,
  cardRemoved: 0x80100069,
} as const;

/** Bits of a reader's state; the upper half is a counter of insertions and removals. */
export const stateBits = {
  unaware: 0x0000,
  ignore: 0x0001,
  changed: 0x0002,
  unknown: 0x0004,
  unavailable: 0x0008,
  empty: 0x0010,
  present: 0x0020,
  mute: 0x0200,
} as const;

export const shareShared = 2;
export const protocolT0orT1 = 3;
export const scopeSystem = 2;
export const dispositions = { leave: 0, reset: 1, unpower: 2 } as const;
export type Disposition = keyof typeof dispositions;

/** The name that stands for "a reader comes or goes" in a wait. */
export const plugAndPlay = '\\\\?PnP?\\Notification';

/** Largest reply of an extended APDU: 65536 bytes of data and the status word. */
export const longestReply = 65538;

export interface RawReaderState {
  szReader: string;
  pvUserData: null;
  dwCurrentState: number;
  dwEventState: number;
  cbAtr: number;
  rgbAtr: Uint8Array;
}

/** A call made on a worker thread; it answers with the status code. */
export type Blocking<Arguments extends unknown[]> = (...args: Arguments) => Promise<number>;

export interface Winscard {
  readonly establishContext: Blocking<[scope: number, a: null, b: null, context: [number]]>;
  readonly releaseContext: Blocking<[context: number]>;
  readonly listReaders: Blocking<[context: number, groups: null, names: Uint8Array, length: [number]]>;
  readonly getStatusChange: Blocking<[context: number, timeout: number, states: RawReaderState[], count: number]>;
  readonly connect: Blocking<
    [context: number, reader: string, share: number, protocols: number, card: [number], protocol: [number]]
  >;
  readonly beginTransaction: Blocking<[card: number]>;
  readonly endTransaction: Blocking<[card: number, disposition: number]>;
  readonly disconnect: Blocking<[card: number, disposition: number]>;
  readonly transmit: Blocking<
    [card: number, request: IoRequest, send: Uint8Array, sent: number, receive: null, reply: Uint8Array, n: [number]]
  >;
  /** Quick and safe from any thread: wakes a wait of the same context. */
  readonly cancel: (context: number) => number;
}

export interface IoRequest {
  dwProtocol: number;
  cbPciLength: number;
}

export function ioRequest(protocol: number): IoRequest {
  return { dwProtocol: protocol, cbPciLength: process.platform === 'win32' ? 8 : 16 };
}

type ArgumentTypes = (string | TypeObject | ReturnType<typeof koffi.out>)[];

/** Loads the system's PC/SC library; throws when there is none. */
export function loadWinscard(): Winscard {
  const windows = process.platform === 'win32';
  const library = koffi.load(windows ? 'winscard.dll' : 'libpcsclite.so.1');
  const long = windows ? 'int32_t' : 'long';
  const dword = windows ? 'uint32_t' : 'unsigned long';
  const handle = windows ? 'uintptr_t' : 'long';
  const dwordInOut = koffi.inout(koffi.pointer(dword));
  const handleOut = koffi.out(koffi.pointer(handle));
  const bytesIn = 'const uint8_t *';
  const bytesOut = koffi.out('uint8_t *');
  const readerState = koffi.struct({
    szReader: 'const char *',
    pvUserData: 'void *',
    dwCurrentState: dword,
    dwEventState: dword,
    cbAtr: dword,
    rgbAtr: koffi.array('uint8_t', windows ? 36 : 33),
  });
  const request = koffi.struct({ dwProtocol: dword, cbPciLength: dword });

  const declare = (name: string, types: ArgumentTypes) => library.func(name, long, types);
  // biome-ignore lint/suspicious/noExplicitAny: the binding is untyped; `Winscard` gives each call its types.
  const blocking = (name: string, types: ArgumentTypes): Blocking<any[]> => {
    const call = declare(name, types);
    return (...args) =>
      new Promise((resolve, reject) => {
        call.async(...args, (error: unknown, status: number) => {
          // `args` is named here so that the buffers outlive the call on the worker thread.
          if (error || args.length === 0) reject(error);
          else resolve(status >>> 0);
        });
      });
  };
  const ansi = windows ? 'A' : '';
  const cancel = declare('SCardCancel', [handle]);
  return {
    establishContext: blocking('SCardEstablishContext', [dword, 'void *', 'void *', handleOut]),
    releaseContext: blocking('SCardReleaseContext', [handle]),
    listReaders: blocking(`SCardListReaders${ansi}`, [handle, 'void *', bytesOut, dwordInOut]),
    getStatusChange: blocking(`SCardGetStatusChange${ansi}`, [
      handle,
      dword,
      koffi.inout(koffi.pointer(readerState)),
      dword,
    ]),
    connect: blocking(`SCardConnect${ansi}`, [handle, 'const char *', dword, dword, handleOut, dwordInOut]),
    beginTransaction: blocking('SCardBeginTransaction', [handle]),
    endTransaction: blocking('SCardEndTransaction', [handle, dword]),
    disconnect: blocking('SCardDisconnect', [handle, dword]),
    transmit: blocking('SCardTransmit', [
      handle,
      koffi.pointer(request),
      bytesIn,
      dword,
      'void *',
      bytesOut,
      dwordInOut,
    ]),
    cancel: (context) => (cancel(context) as number) >>> 0,
  };
}
