import type pg from 'pg';
import { writeUuid } from './uuid.ts';

/** Microseconds are counted from here (PostgreSQL's binary form of `timestamptz`). */
const epoch = Date.UTC(2000, 0, 1);
/** Signature, no flags, no extension. */
const header = Buffer.from('5047434f50590aff0d0a000000000000000000', 'hex');
const textType = 25;
const jsonbVersion = 1;

/** Writes rows in the binary form of COPY (PostgreSQL documentation, COPY: Binary Format), column by column. */
export interface CopyWriter {
  /** Begins a row of so many columns. */
  row(columns: number): void;
  text(value: string | null): void;
  uuid(value: string | null): void;
  /** A new one, of this time (`createUuid`). */
  freshUuid(at: Date): void;
  bigint(value: number | null): void;
  smallint(value: number): void;
  timestamp(value: Date | null): void;
  jsonb(value: unknown): void;
  texts(values: readonly string[]): void;
  /** All that was written, whole: the beginning of `room`, or of larger room where that was too small. */
  end(): Buffer;
}

const noDigit = 16;
const hexDigits = Uint8Array.from({ length: 256 }, (_, code) => {
  const value = Number.parseInt(String.fromCharCode(code), 16);
  return Number.isNaN(value) ? noDigit : value;
});
/** Where its 16 bytes stand in the text of a UUID (RFC 9562 4). */
const uuidBytes = Uint8Array.of(0, 2, 4, 6, 9, 11, 14, 16, 19, 21, 24, 26, 28, 30, 32, 34);
const uuidLength = 36;

/** `room`: what it writes into at first. Larger room is its own alone. */
export const createCopyWriter = (room: Buffer = Buffer.allocUnsafeSlow(64 * 1024)): CopyWriter => {
  let bytes = room.length >= header.length ? room : Buffer.allocUnsafeSlow(header.length);
  let view = new DataView(bytes.buffer, bytes.byteOffset);
  let used = header.copy(bytes);

  const make = (more: number): void => {
    if (used + more <= bytes.length) return;
    const larger = Buffer.allocUnsafeSlow(Math.max(bytes.length * 2, used + more));
    bytes.copy(larger, 0, 0, used);
    bytes = larger;
    view = new DataView(bytes.buffer, bytes.byteOffset);
  };
  const int32 = (value: number): void => {
    view.setInt32(used, value);
    used += 4;
  };
  const absent = (): void => {
    make(4);
    int32(-1);
  };
  /** Characters take three bytes at most (a surrogate pair four). */
  const utf8 = (value: string): void => {
    make(4 + value.length * 3);
    const length = bytes.write(value, used + 4, 'utf8');
    int32(length);
    used += length;
  };
  const int64 = (value: number): void => {
    make(12);
    int32(8);
    const high = Math.floor(value / 2 ** 32);
    int32(high);
    int32(value - high * 2 ** 32);
  };
  /**
   * Where values stand that were written before, with their length in front: rows written together say the same again and again,
   * and to copy a few bytes takes a tenth of what writing a text does.
   */
  const texts = new Map<string, number>();
  const uuids = new Map<string, number>();
  const tryRepeat = (written: Map<string, number>, value: string): boolean => {
    const from = written.get(value);
    if (from === undefined) {
      written.set(value, used);
      return false;
    }
    const end = from + 4 + view.getInt32(from);
    make(end - from);
    for (let place = from; place < end; place += 1) bytes[used++] = bytes[place] as number;
    return true;
  };
  /** Its text is written first, which takes less than to read its characters one by one, and is then read where it lies. */
  const readUuid = (text: string): void => {
    let digits = text.length === uuidLength && bytes.write(text, used, 'utf8') === uuidLength ? 0 : noDigit;
    for (let place = 0; place < 16; place += 1) {
      const from = uuidBytes[place] as number;
      const high = hexDigits[bytes[used + from] as number] as number;
      const low = hexDigits[bytes[used + from + 1] as number] as number;
      digits |= high | low;
      bytes[used + place] = high * 16 + low;
    }
    if (digits >= noDigit) throw new TypeError('no UUID');
  };
  return {
    row: (columns) => {
      make(2);
      view.setInt16(used, columns);
      used += 2;
    },
    text: (value) => {
      if (value === null) return absent();
      if (value.length >= uuidLength || !tryRepeat(texts, value)) utf8(value);
    },
    uuid: (value) => {
      if (value === null) return absent();
      if (tryRepeat(uuids, value)) return;
      make(4 + uuidLength);
      int32(16);
      readUuid(value);
      used += 16;
    },
    freshUuid: (at) => {
      make(20);
      int32(16);
      writeUuid(at, bytes, used);
      used += 16;
    },
    bigint: (value) => (value === null ? absent() : int64(value)),
    smallint: (value) => {
      make(6);
      int32(2);
      view.setInt16(used, value);
      used += 2;
    },
    timestamp: (value) => {
      if (value === null) return absent();
      const milliseconds = value.getTime() - epoch;
      if (Number.isSafeInteger(milliseconds * 1000)) return int64(milliseconds * 1000);
      make(12);
      int32(8);
      used = bytes.writeBigInt64BE(BigInt(milliseconds) * 1000n, used);
    },
    jsonb: (value) => {
      const text = JSON.stringify(value);
      make(5 + text.length * 3);
      const length = bytes.write(text, used + 5, 'utf8');
      int32(length + 1);
      bytes[used] = jsonbVersion;
      used += 1 + length;
    },
    texts: (values) => {
      make(24);
      const start = used;
      used += 4;
      int32(values.length === 0 ? 0 : 1);
      int32(0);
      int32(textType);
      if (values.length > 0) {
        int32(values.length);
        int32(1);
      }
      for (const value of values) utf8(value);
      view.setInt32(start, used - start - 4);
    },
    end: () => {
      make(2);
      view.setInt16(used, -1);
      used += 2;
      return bytes.subarray(0, used);
    },
  };
};

/** What of the driver's connection a COPY needs; `pg-copy-streams` uses the same. */
interface CopyConnection {
  query(text: string): void;
  sendCopyFromChunk(chunk: Buffer): void;
  endCopyFrom(): void;
}

/** A `COPY … FROM STDIN` as the driver takes queries: what it calls while this one is under way. */
class CopyIn {
  readonly #text: string;
  readonly #rows: Buffer;
  /** The driver wraps it to keep its own clock. */
  callback: (problem?: Error | null) => void;
  #problem: Error | null = null;

  constructor(text: string, rows: Buffer, callback: (problem?: Error | null) => void) {
    this.#text = text;
    this.#rows = rows;
    this.callback = callback;
  }
  submit(connection: CopyConnection): void {
    connection.query(this.#text);
  }
  handleCopyInResponse(connection: CopyConnection): void {
    connection.sendCopyFromChunk(this.#rows);
    connection.endCopyFrom();
  }
  handleCommandComplete(): void {}
  handleError(problem: Error): void {
    this.#problem = problem;
    this.callback(problem);
  }
  handleReadyForQuery(): void {
    if (this.#problem === null) this.callback(null);
  }
}

/** Sends all rows of a `COPY … FROM STDIN (FORMAT binary)`; resolves when they are in, within the transaction. */
export const copyIn = (client: Pick<pg.ClientBase, 'query'>, text: string, rows: Buffer): Promise<void> =>
  new Promise((resolve, reject) => {
    client.query(new CopyIn(text, rows, (problem) => (problem == null ? resolve() : reject(problem))) as never);
  });
