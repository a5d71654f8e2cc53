/** Runs a server as its client would, and lets a hub know what passes. The server is started before anything else is done. */
import { constants, homedir } from 'node:os';
import { join } from 'node:path';
import { dataDirOf } from '../../shared/shim/data-dir.ts';
import { spoolDirName } from '../../shared/shim/host-file.ts';
import type { ShimMode, ShimSession } from '../../shared/shim/protocol.ts';
import type { ShimArguments } from './arguments.ts';
import { Enforcement } from './enforcement.ts';
import { eventWithin } from './event-within.ts';
import { defaultLimits, FrameLog } from './frame-log.ts';
import { HubLink } from './hub-link.ts';
import { Outlet } from './outlet.ts';
import { relay } from './relay.ts';
import { sessionIdentity } from './session-identity.ts';
import { Spool } from './spool.ts';
import { closeStandard } from './standard-streams.ts';
import { Tap } from './tap.ts';
import { startServer, WrappedServer, type ServerEnd, type ServerProcess } from './wrapped-server.ts';

export const exitCodes = { own: 125, notRunnable: 126, notFound: 127 } as const;

/** How long a client waits for what a host has to say of its session, where one seems to be there. */
const hostWithinMs = 1_000;
/** How long the end of a session may wait for its commit: after that the spool keeps what is missing. */
const commitWithinMs = 300;
/** SDKs kill us 2 s after they asked us to end. */
const endWithinMs = 1_950;
const decidedLookMs = 5;
const parentLookMs = 250;
const parentGoneGraceMs = 2_000;
const endingSignals: readonly NodeJS.Signals[] = ['SIGTERM', 'SIGINT', 'SIGHUP', 'SIGQUIT'];

let isParentWatched = false;

type RunArguments = Extract<ShimArguments, { kind: 'run' }>;

/** Never returns: the process ends as the server did. */
export async function wrap(args: RunArguments): Promise<void> {
  const startedAt = Date.now();
  const parentPid = process.ppid;
  const dataDir = dataDirOf({ named: args.dataDir, env: process.env, platform: process.platform, home: homedir() });
  let known: ShimSession | undefined;
  const session = (): ShimSession =>
    (known ??= sessionIdentity({ startedAt, parentPid, name: args.name, command: [args.command, ...args.args] }));
  const log = new FrameLog({
    limits: defaultLimits,
    openSpool: () => new Spool(join(dataDir, spoolDirName, `${session().id}.spool`), session()),
    onAdded: sizeBytes => link.frameAdded(sizeBytes),
  });
  let enforcement: Enforcement | undefined;
  /** What a hub says before the server runs. */
  let saidMode: ShimMode | undefined;
  const link = new HubLink({
    dataDir,
    log,
    session,
    onMode: mode => {
      saidMode = mode;
      enforcement?.setMode(mode);
    },
    onMessage: (type, payload) => enforcement?.message(type, payload),
    onLost: () => enforcement?.lost(),
  });
  const tap = new Tap(log, error => say(`recording stopped, the traffic goes on: ${String(error)}`));
  process.on('uncaughtException', error => say(`internal error, the traffic goes on: ${String(error)}`));

  if (args.isHostRequired) {
    link.start();
    if (!(await link.met(hostWithinMs))) {
      say(`no Shadowcat host answered within ${hostWithinMs} ms for ${dataDir}, and --require-host was given`);
      process.exit(exitCodes.own);
    }
  }
  const server = await start(args, tap);
  if (!args.isHostRequired) link.start();
  const end =
    server === undefined
      ? undefined
      : await run({
          child: server,
          tap,
          link,
          parentPid,
          onEnforcement: one => {
            enforcement = one;
            if (link.wasMet) one.setMode(saidMode);
            if (link.wasMet && !link.isOnline) one.lost();
          },
        });
  if (end === undefined) {
    await link.finish(commitWithinMs);
    process.exit(process.exitCode ?? exitCodes.own);
  }
  tap.fact('fromServer', { event: 'exited', code: end.code, signal: end.signal });
  await link.finish(end.isLateAt === undefined ? commitWithinMs : Math.max(0, Math.min(commitWithinMs, end.isLateAt - performance.now())));
  endLike(end);
}

/** Starts the server; undefined, with the exit code set and the reason said, when that fails. */
async function start(args: RunArguments, tap: Tap): Promise<ServerProcess | undefined> {
  const failed = (error: NodeJS.ErrnoException): undefined => {
    const isMissing = error.code === 'ENOENT';
    const message = isMissing ? 'command not found' : error.message;
    say(`cannot start "${args.command}": ${message}`);
    tap.fact('fromServer', { event: 'not-started', code: error.code ?? '', message });
    process.exitCode = isMissing ? exitCodes.notFound : exitCodes.notRunnable;
    tap.fact('fromServer', { event: 'exited', code: process.exitCode, signal: null });
    return undefined;
  };
  try {
    const server = startServer(args.command, args.args);
    if (server.pid === undefined) return failed(await new Promise<NodeJS.ErrnoException>(resolve => server.once('error', resolve)));
    tap.fact('fromServer', { event: 'started', pid: server.pid });
    return server;
  } catch (error) {
    return failed(error as NodeJS.ErrnoException);
  }
}

interface Run {
  readonly child: ServerProcess;
  readonly tap: Tap;
  readonly link: HubLink;
  readonly parentPid: number;
  /** From now on a hub can be heard. */
  readonly onEnforcement: (enforcement: Enforcement) => void;
}

/** Relays until the server has ended and the client has all its output. */
async function run({ child, tap, link, parentPid, onEnforcement }: Run): Promise<ServerEnd & { readonly isLateAt: number | undefined }> {
  const { stdin, stdout, stderr } = process;
  const server: WrappedServer = new WrappedServer({
    process: child,
    tap,
    hasUnreadOutput: () => enforcement.fromServer.isWaiting || stdout.writableLength > 0 || stderr.writableLength > 0,
  });
  child.on('error', () => undefined);
  const toServer = new Outlet(server.stdin, () => {
    // The end of stdin will not be seen any more.
    watchParent(parentPid, server, tap);
    stdin.once('close', () => closeStandard(0));
    stdin.destroy();
  });
  let isClientReading = true;
  const toClient = new Outlet(stdout, () => {
    isClientReading = false;
    tap.fact('fromClient', { event: 'client-stopped-reading' });
    // The server shall learn it as it would without us: by a write that fails.
    child.stdout.destroy();
  });
  let steerClient = (): void => undefined;
  let steerServer = (): void => undefined;
  const steer = (): void => {
    steerClient();
    steerServer();
  };
  const enforcement = new Enforcement({
    tap,
    toServer,
    toClient,
    send: messages => link.send(messages),
    onSilent: () => link.giveUp(),
    onRoom: steer,
  });
  const { fromClient, fromServer } = enforcement;
  onEnforcement(enforcement);
  toServer.onDrain(steer);
  toClient.onDrain(steer);
  steerServer = relay({
    from: child.stdout,
    take: chunk => fromServer.chunk(chunk),
    isFull: () => enforcement.isServerFull,
    onEnd: () =>
      fromServer.ended(() => {
        if (isClientReading) stdout.write('', () => closeStandard(1));
      }),
  });
  relayStderr(child, tap);
  for (const signal of endingSignals) process.on(signal, () => server.askToEnd(signal));
  process.on('SIGUSR2', () => server.signal('SIGUSR2'));
  // Not one line shall pass before a host that is there has said what becomes of it.
  void link.settled(hostWithinMs).then(() => {
    steerClient = relay({
      from: stdin,
      take: chunk => fromClient.chunk(chunk),
      isFull: () => enforcement.isClientFull,
      onEnd: () => {
        watchParent(parentPid, server, tap);
        fromClient.ended(() => {
          server.stdin.end();
          server.clientDone();
          tap.fact('fromClient', { event: 'stdin-ended' });
        });
      },
    });
  });

  const end = await server.ended();
  await decided(enforcement, server);
  enforcement.abandon();
  await Promise.all([flushed(stdout, server), flushed(stderr, server)]);
  return { ...end, isLateAt: server.askedAt === undefined ? undefined : server.askedAt + endWithinMs };
}

/** What the server says on stderr, as it comes: nobody decides about that. */
function relayStderr({ stderr }: ServerProcess, tap: Tap): void {
  const toTerminal = new Outlet(process.stderr, () => undefined);
  toTerminal.onDrain(
    relay({
      from: stderr,
      take: chunk => {
        toTerminal.write(chunk);
        tap.stderr(chunk);
      },
      isFull: () => toTerminal.isFull,
      onEnd: () => undefined,
    }),
  );
}

/** Waits until the last answers of the server are decided; a client that asked us to end waits no longer itself. */
async function decided({ fromServer }: Enforcement, server: WrappedServer): Promise<void> {
  while (fromServer.isWaiting) {
    if (server.askedAt !== undefined && performance.now() > server.askedAt + endWithinMs) return;
    await new Promise(resolve => {
      setTimeout(resolve, decidedLookMs);
    });
  }
}

/** Waits until a slow client has read what the server said; a client that asked us to end waits no longer itself. */
async function flushed(stream: NodeJS.WriteStream, server: WrappedServer): Promise<void> {
  while (stream.writableLength > 0 && !stream.errored) {
    if (server.askedAt !== undefined && performance.now() > server.askedAt + endWithinMs) return;
    await eventWithin(stream, 'drain', 50);
  }
}

/** A client that dies sends no signal: its end of stdin is all that comes. A server that ignores that, or has closed its stdin, would be an orphan. */
function watchParent(parentPid: number, server: WrappedServer, tap: Tap): void {
  if (isParentWatched) return;
  isParentWatched = true;
  const look = setInterval(() => {
    if (!isGone(parentPid)) return;
    clearInterval(look);
    tap.fact('fromClient', { event: 'parent-gone' });
    setTimeout(() => server.askToEnd('SIGTERM'), parentGoneGraceMs).unref();
  }, parentLookMs).unref();
}

function isGone(parentPid: number): boolean {
  if (process.platform !== 'win32') return process.ppid !== parentPid;
  try {
    return !process.kill(parentPid, 0);
  } catch {
    return true;
  }
}

/** Ends this process as the server ended. */
function endLike({ code, signal }: ServerEnd): void {
  if (signal === null) process.exit(code ?? exitCodes.own);
  const number = constants.signals[signal];
  // Node keeps SIGUSR1 for its debugger.
  if (signal === 'SIGUSR1') process.exit(128 + number);
  process.removeAllListeners(signal);
  process.kill(process.pid, signal);
  // Still here: the signal is ignored (by Node's choice, or as process 1 of a container).
  setTimeout(() => process.exit(128 + number), 50);
}

function say(text: string): void {
  process.stderr.write(`shadowcat: ${text}\n`);
}
