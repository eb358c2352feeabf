import { closeSync, ftruncateSync, openSync, readdirSync, rmSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import koffi from 'koffi';

/** One for each of the two curtains, each of a cache line: `native/curtain/life.h` says the same. */
const places = 2;
const placeBytes = 64;
/** mmap(2): to be read and written, by everybody who has the file. */
const readAndWrite = 3;
const shared = 1;
/** pthread.h of glibc. */
const robust = 1;
const processShared = 1;
/** Somebody waits: the kernel wakes whoever does when it finds the word of a thread that ended. futex(2). */
const waiters = 0x8000_0000;

const held = new Set<string>();

/**
 * From now on the end of this process's main thread is told at once to whoever waits at the words of the file
 * `<path>.<process>`. The kernel takes the memory of a process apart before it closes its sockets (a quarter of a
 * millisecond for each megabyte was measured), but gives back its robust mutexes before that: get_robust_list(2). Nothing
 * is held any more after a fault here; the socket still tells, later.
 */
export function holdLife(path: string): void {
  const own = `${path}.${process.pid}`;
  if (held.has(own)) return;
  for (const name of readdirSync(dirname(path)))
    if (name.startsWith(`${basename(path)}.`)) rmSync(join(dirname(path), name), { force: true });
  const library = koffi.load('libc.so.6');
  const mmap = library.func('void *mmap(void *at, size_t length, int protection, int flags, int file, long offset)');
  const prepare = library.func('int pthread_mutexattr_init(void *attributes)');
  const setRobust = library.func('int pthread_mutexattr_setrobust(void *attributes, int robust)');
  const setShared = library.func('int pthread_mutexattr_setpshared(void *attributes, int shared)');
  const make = library.func('int pthread_mutex_init(void *mutex, void *attributes)');
  const lock = library.func('int pthread_mutex_lock(void *mutex)');
  const check = (code: number, what: string): void => {
    if (code !== 0) throw new Error(`${what}: ${code}`);
  };

  const file = openSync(own, 'wx+', 0o600);
  let memory: unknown;
  try {
    ftruncateSync(file, places * placeBytes);
    memory = mmap(null, places * placeBytes, readAndWrite, shared, file, 0);
  } finally {
    closeSync(file);
  }
  const attributes = Buffer.alloc(16);
  check(prepare(attributes), 'pthread_mutexattr_init');
  check(setRobust(attributes, robust), 'pthread_mutexattr_setrobust');
  check(setShared(attributes, processShared), 'pthread_mutexattr_setpshared');
  for (let place = 0; place < places; place += 1) {
    const mutex = koffi.address(memory as never) + BigInt(place * placeBytes);
    check(make(mutex, attributes), 'pthread_mutex_init');
    check(lock(mutex), 'pthread_mutex_lock');
    koffi.encode(mutex, 'uint32_t', koffi.decode(mutex, 'uint32_t') + waiters);
  }
  held.add(own);
}
