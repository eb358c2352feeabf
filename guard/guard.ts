import { randomUUID } from 'node:crypto';
import { mkdir, readFile } from 'node:fs/promises';
import type { Server, Socket } from 'node:net';
import { uptime } from 'node:os';
import { dirname, join } from 'node:path';
import type { LockId } from '#contract/ids.ts';
import { policy } from '#contract/policy.ts';
import type { LoginEvent } from '#core/login/state.ts';
import { terminalPolicyOf } from '#core/policy/terminal-policy.ts';
import { createCardKeys } from './card-key.ts';
import { createClock } from './clock.ts';
import { type CurtainLink, startCurtainLink } from './curtain-link.ts';
import { createDigits } from './digits.ts';
import { createEffects } from './effects.ts';
import { enrol } from './enrolment.ts';
import { setFormerAside } from './former.ts';
import { findGrantFault } from './grant.ts';
import { readHookFile } from './hooks/hook-file.ts';
import { createHooks, type Hooks, noHooks } from './hooks/hooks.ts';
import type { Identity } from './identity.ts';
import { openJournal } from './journal.ts';
import { readRecords } from './journal-folder.ts';
import { createRetention } from './journal-retention.ts';
import { openKept } from './kept.ts';
import { createLateSegments } from './late-segments.ts';
import { createLeaseKeeper } from './lease.ts';
import { listenLocally } from './local-socket.ts';
import { codeOf, type Log } from './log.ts';
import { type LogindLink, startLogindLink } from './logind-link.ts';
import { createNoOffline } from './no-offline.ts';
import { createNonces } from './nonces.ts';
import { createOffline, type Offline } from './offline.ts';
import { openPosition } from './position.ts';
import { startReaderLink } from './reader-link.ts';
import { startRenewal } from './renewal.ts';
import { startScreenLink } from './screen-link.ts';
import { createServers } from './servers.ts';
import { createSession } from './session.ts';
import type { Settings } from './settings.ts';
import { createStartRecord } from './start-record.ts';
import { createUplink } from './uplink.ts';
import { createVault, type Keychain } from './vault.ts';
import { startWitness } from './witness.ts';

export interface GuardDeps {
  readonly settings: Settings;
  readonly keychain: Keychain;
  /** What an engineer reads when the keychain does not answer. */
  readonly keychainAdvice: string;
  /** Tells whose process is at the other end of a local socket; asked for only where curtains are served. */
  readonly createPeerUser: () => (socket: Socket) => number | undefined;
  /** From now on whoever watches a file beside this socket learns of this process's end before the socket tells it. */
  readonly holdLife: (socket: string) => void;
  /** Words before a program that make it run as this user. */
  readonly asUser: (user: string) => Promise<readonly string[]>;
  /** Another one after each start of the machine. */
  readonly boot: string;
  /** Path of the program of the reader process. */
  readonly readerProgram: string;
  readonly log: Log;
  readonly tell: (message: string) => void;
  /** This terminal is another one from now on: the guard must be stopped and started again to be it. */
  readonly onAdmittedAnew: () => void;
}

export interface Guard {
  stop(): Promise<void>;
}

/** No curtain comes before what it watches is there. */
async function listenForCurtains({ holdLife, log }: GuardDeps, socket: string): Promise<Server> {
  await mkdir(dirname(socket), { recursive: true, mode: 0o700 });
  try {
    holdLife(socket);
  } catch (error) {
    log.warn('life-not-held', { code: codeOf(error) });
  }
  return listenLocally(socket);
}

/** The deciding process of a terminal, put together. It starts locked, whatever it finds. */
export async function startGuard(deps: GuardDeps): Promise<Guard> {
  const { log, settings } = deps;
  const hookFile =
    settings.hooks === undefined ? undefined : await readHookFile(settings.hooks, settings.curtain !== undefined);
  const asUser = hookFile?.user === undefined ? [] : await deps.asUser(hookFile.user);
  // First of all, so that no second guard comes near the journal.
  const server = await listenLocally(settings.socket, 'newest');
  const curtainServer =
    settings.curtain === undefined ? undefined : await listenForCurtains(deps, settings.curtain.socket);
  const stopping = new AbortController();
  const steady = () => performance.timeOrigin + performance.now();
  const dispatch = (event: LoginEvent): void => {
    session.dispatch(event);
    if (event.kind === 'covered' && !lease.isHeld()) logind?.covered(event.lock);
  };

  const clock = createClock({
    steady,
    wall: Date.now,
    onObserved: (server, fresh) => kept?.time.observe(server, fresh),
    onWrong(wrong, offset) {
      dispatch({ kind: 'clock-changed', wrong });
      const detail = { milliseconds: Math.round(offset) };
      if (wrong) void journal.append({ kind: 'clock.wrong', outcome: 'minor', detail });
    },
  });
  await mkdir(settings.data, { recursive: true, mode: 0o700 });
  const vault = await createVault({ folder: settings.data, keychain: deps.keychain, log });
  const position = await openPosition(join(settings.data, 'position.json'), log);
  const servers = createServers(settings.origins);
  const former = await setFormerAside({ folder: settings.data, position, terminal: vault.terminal, now: clock.wall });
  const uplink = createUplink({
    servers,
    clock,
    position,
    onEvent: hear,
    onNonce: (given) => nonces.follow(given),
    rereadJournal: () => readRecords(join(settings.data, 'journal'), null),
    onMissing({ isUnreadable, numbers }) {
      const detail = { journal: isUnreadable ? 'unreadable' : 'missing', missing: numbers.slice(0, 200) };
      void journal.append({ kind: 'journal.damaged', outcome: 'serious', detail });
      if (isUnreadable) void late.lookAtAll();
    },
    revocationsPath: join(settings.data, 'revocations.json'),
    onTold: (serverTime) => void retention.drop(Date.parse(serverTime)),
    keepTrust: async (trust) => (await vault.keepTrust(trust)).ok,
    onLapsed: () => renewal.lapsed(),
    onTrust: (seconds) => renewal.spread(seconds),
    upTime: () => uptime() * 1_000,
    log,
  });
  const nonces = createNonces({
    clock,
    call: uplink.call,
    terminal: () => uplink.identity()?.terminal,
    hand: (challenge) => reader.hand(challenge),
    isAlone: () => session.state().link !== 'online' && offline.until() !== null,
    log,
  });
  const awake = Promise.withResolvers<void>();
  // Begins beside what is still to be read: nobody can log in before it has found its readers.
  const reader = startReaderLink({
    program: deps.readerProgram,
    environment: settings.readerEnvironment,
    ignoreReaders: settings.ignoreReaders,
    cardKey: createCardKeys(),
    nonces,
    onEvent: dispatch,
    hearFrom: awake.promise,
    log,
  });
  const kept = await openKept({ folder: settings.data, keychain: deps.keychain, boot: deps.boot, log });
  const journalKey = kept?.secret.key('journal') ?? null;
  const journal = await openJournal({
    folder: join(settings.data, 'journal'),
    key: journalKey,
    // The journal of the terminal that this one was before lies elsewhere.
    outside:
      former === null && kept !== undefined
        ? { ...kept.outside, anchor: kept.store.head }
        : { head: null, restored: false },
    now: clock.wall,
    log,
    onDurable(records) {
      const last = records.at(-1);
      if (last !== undefined) {
        kept?.outside.keep(last);
        kept?.store.noteHead(last);
      }
      uplink.upload(records);
    },
    onState(state) {
      dispatch({ kind: 'journal-changed', journal: state });
      if (state === 'sound' || state === 'reserve') void startRecord.write();
    },
    onAbsorbed: (fault) => void journal.append({ kind: 'journal.faulted', outcome: 'serious', detail: { ...fault } }),
    uploadedOf: (epoch) => position.get().uploaded[epoch] ?? 0,
  });

  const lease = createLeaseKeeper({
    now: clock.now,
    upTime: () => uptime() * 1_000,
    onLapsed: () => dispatch({ kind: 'lock-asked', reason: 'suspend' }),
    send: (message) => {
      curtain?.send(message);
      screen.send(message);
    },
  });
  const retention = createRetention({
    folder: join(settings.data, 'journal'),
    path: join(settings.data, 'confirmed.json'),
    uploadedOf: (epoch) => position.get().uploaded[epoch] ?? 0,
    log,
  });
  const offline: Offline =
    kept === undefined
      ? createNoOffline({ path: join(settings.data, 'offline.json'), log })
      : createOffline({
          ...kept,
          rules: () => session.state().policy.offline,
          terminal: () => uplink.identity()?.terminal,
          takeNonce: nonces.take,
          onChanged: tellOffline,
          log,
        });
  const hooks: Hooks =
    hookFile === undefined
      ? noHooks
      : createHooks({ file: hookFile, asUser, record: (facts) => void journal.append(facts), log });
  const effects = createEffects({
    clock,
    journal,
    hooks,
    offline,
    uplink,
    nonces,
    digits: createDigits(),
    toScreen: (message) => screen.send(message),
    dispatch,
    state: () => session.state(),
    isCovered: (lock) => curtain === undefined || curtain.isCovered(lock),
    findGrantFault: (grant, expected) => {
      const identity = uplink.identity();
      return identity === null ? 'key' : findGrantFault(grant, identity.grantKeys, expected);
    },
    origin: servers.current,
    log,
  });
  const session = createSession({
    clock,
    // Until the server says what holds: what it said last.
    policy: offline.policy() ?? terminalPolicyOf(policy.parse({})),
    terminal: '',
    lease,
    perform: effects.perform,
    onState(state) {
      effects.settle(state);
      if (lease.isHeld()) logind?.opened();
      journal.allowReserve(state.policy.whenFull === 'emergency');
    },
    showView: (view) => {
      curtain?.show(view);
      screen.send({ kind: 'view', view });
    },
    freshLock: () => randomUUID() as LockId,
    log,
  });
  const screen = startScreenLink({
    server,
    onEvent: dispatch,
    greetings: () => [
      { kind: 'cover', lock: session.state().lock },
      { kind: 'view', view: session.currentView() },
    ],
    onResume: uplink.hurry,
    record: (facts) => void journal.append(facts),
    now: clock.now,
    underCurtain: curtainServer !== undefined,
    log,
  });
  const curtain: CurtainLink | undefined =
    curtainServer === undefined
      ? undefined
      : startCurtainLink({
          server: curtainServer,
          userOf: deps.createPeerUser(),
          user: settings.curtain?.user ?? process.getuid?.() ?? -1,
          onEvent: dispatch,
          lock: () => session.state().lock,
          lease,
          record: (facts) => void journal.append(facts),
          now: clock.now,
          log,
        });
  const logind: LogindLink | undefined =
    settings.logind === undefined
      ? undefined
      : startLogindLink({ ...settings.logind, onEvent: dispatch, lock: () => session.state().lock, log });
  const late = createLateSegments({
    folder: join(settings.data, 'journal'),
    key: journalKey,
    upload: uplink.uploadLate,
    log,
  });
  const startRecord = createStartRecord({
    journal,
    former,
    setBack: kept?.store.rolledBack === true,
    onSetBackTold: () => void kept?.store.noteTold().catch(() => undefined),
    onFound(records) {
      uplink.upload(records);
      void late.begin();
    },
    onLeft(session, person) {
      uplink.endSession(session, 'start', clock.toInstant(clock.now()));
      if (person !== null) hooks.left(person, session);
    },
  });
  awake.resolve();
  await startRecord.write();
  tellOffline();

  const renewal = startRenewal({
    call: uplink.call,
    identity: uplink.identity,
    onRenewed: uplink.use,
    onRefused: (code) => code === 'TERMINAL_REVOKED' && uplink.refuse('terminal-revoked'),
    vault,
    serverNow: clock.serverNow,
    log,
  });
  const witness = await startWitness({
    path: join(settings.data, 'log-witness.json'),
    call: uplink.call,
    append: journal.append,
    log,
  });
  const admitting = admit();

  /** What comes from the server counts for the times without it too. */
  function hear(event: LoginEvent): void {
    if (event.kind === 'revocation-ordered') offline.revoke(event.order);
    // A terminal that was away may hear of it so, and not by an order: it holds when the network goes again.
    const own = uplink.identity()?.terminal;
    if (event.kind === 'link-changed' && event.link === 'terminal-revoked' && own !== undefined)
      offline.revoke({ what: 'terminal', subject: own, person: null });
    if (event.kind === 'policy-changed') offline.keepPolicy(event.policy);
    dispatch(event);
    if (event.kind === 'link-changed' || event.kind === 'policy-changed') tellOffline();
  }

  function tellOffline(): void {
    const [now, until] = [offline.now(), offline.until()];
    dispatch({ kind: 'offline-changed', until: now === null || until === null ? null : clock.now() + until - now });
  }

  async function admit(): Promise<void> {
    const loaded = await vault.load();
    if (!loaded.ok) {
      deps.tell(deps.keychainAdvice);
      return dispatch({ kind: 'link-changed', link: 'not-enrolled' });
    }
    const known = loaded.value;
    const { enrolmentCode: code } = settings;
    if (known !== null) be(known);
    // A code that made this terminal what it is may stay in its settings; any other one makes it another terminal.
    if (known !== null && (code === undefined || vault.wasEnrolledBy(code))) return;
    const enrolled = await enrolNow(code);
    const former = position.get().terminal;
    if (enrolled === null) {
      if (known === null) dispatch({ kind: 'link-changed', link: 'not-enrolled' });
    } else if (former === null || former === enrolled.terminal) be(enrolled);
    else deps.onAdmittedAnew();
  }

  function be(identity: Identity): void {
    position.change({ terminal: identity.terminal });
    uplink.use(identity);
  }

  async function enrolNow(code: string | undefined): Promise<Identity | null> {
    if (code === undefined) {
      deps.tell(
        'This terminal is not enrolled. Start it once with KAZASU_ENROLMENT_CODE set to a code from the console.',
      );
      return null;
    }
    const authority = await readFile(settings.authority, 'utf8').catch(() => null);
    if (authority === null) {
      deps.tell(`The server's authority cannot be read: ${settings.authority}`);
      return null;
    }
    const identity = await enrol({ servers, authority, vault, log, signal: stopping.signal }, code);
    if (identity === null) deps.tell('The server did not take the enrolment code. Ask an admin for a new one.');
    return identity;
  }

  return {
    async stop() {
      dispatch({ kind: 'lock-asked', reason: 'guard-stopped' });
      stopping.abort();
      await Promise.all([admitting, renewal.stop(), witness.stop()]);
      nonces.stop();
      await reader.stop();
      await logind?.stop();
      await screen.stop();
      await curtain?.stop();
      await hooks.stop();
      await journal.append({ kind: 'guard.stopped', outcome: 'success' });
      await late.stop();
      await uplink.stop();
      session.stop();
      await journal.close();
      await offline.stop();
      await kept?.stop();
    },
  };
}
