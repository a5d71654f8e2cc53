/** Runs a server as its client would, and lets a hub know what passes. The server is started before anything else is done. */
import { constants, homedir } from 'node:os';
import { join } from 'node:path';
import { dataDirOf } from '../../shared/shim/data-dir.ts';
import { spoolDirName } from '../../shared/shim/host-file.ts';
import type { ShimSession } from '../../shared/shim/protocol.ts';
import type { ShimArguments } from './arguments.ts';
import { eventWithin } from './event-within.ts';
import { defaultLimits, FrameLog } from './frame-log.ts';
import { HubLink } from './hub-link.ts';
import { relay } from './relay.ts';
import { sessionIdentity } from './session-identity.ts';
import { Spool } from './spool.ts';
import { closeStandard } from './standard-streams.ts';
import { Tap } from './tap.ts';
import { startServer, WrappedServer, type ServerEnd, type ServerProcess } from './wrapped-server.ts';

export const exitCodes = { own: 125, notRunnable: 126, notFound: 127 } as const;

const hostWithinMs = 1_000;
/** How long the end of a session may wait for its commit: after that the spool keeps what is missing. */
const commitWithinMs = 300;
/** SDKs kill us 2 s after they asked us to end. */
const endWithinMs = 1_950;
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
  const link = new HubLink({ dataDir, log, session });
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
  const end = server === undefined ? undefined : await run(server, tap, parentPid);
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

/** Relays until the server has ended and the client has all its output. */
async function run(child: ServerProcess, tap: Tap, parentPid: number): Promise<ServerEnd & { readonly isLateAt: number | undefined }> {
  const { stdin, stdout, stderr } = process;
  const server = new WrappedServer({ process: child, tap, hasUnreadOutput: () => stdout.writableLength > 0 || stderr.writableLength > 0 });
  child.on('error', () => undefined);
  relay({
    from: stdin,
    to: server.stdin,
    copy: chunk => tap.chunk('fromClient', chunk),
    onEnd: () => {
      server.stdin.end();
      server.clientDone();
      tap.ended('fromClient');
      tap.fact('fromClient', { event: 'stdin-ended' });
      watchParent(parentPid, server, tap);
    },
    onBroken: () => {
      // The end of stdin will not be seen any more.
      watchParent(parentPid, server, tap);
      stdin.once('close', () => closeStandard(0));
      stdin.destroy();
    },
  });
  let isClientReading = true;
  relay({
    from: child.stdout,
    to: stdout,
    copy: chunk => tap.chunk('fromServer', chunk),
    onEnd: () => {
      tap.ended('fromServer');
      if (isClientReading) stdout.write('', () => closeStandard(1));
    },
    onBroken: () => {
      isClientReading = false;
      tap.fact('fromClient', { event: 'client-stopped-reading' });
      // The server shall learn it as it would without us: by a write that fails.
      child.stdout.destroy();
    },
  });
  relay({ from: child.stderr, to: stderr, copy: chunk => tap.stderr(chunk), onEnd: () => undefined, onBroken: () => undefined });
  for (const signal of endingSignals) process.on(signal, () => server.askToEnd(signal));
  process.on('SIGUSR2', () => server.signal('SIGUSR2'));

  const end = await server.ended();
  await Promise.all([flushed(stdout, server), flushed(stderr, server)]);
  return { ...end, isLateAt: server.askedAt === undefined ? undefined : server.askedAt + endWithinMs };
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
