/** Runs a host in this process until it is told to stop; what `serve` and `proxy` have in common. */
import { TrafficError } from '../../shared/errors/error-table.ts';
import { type Host, startHost } from '../headless/start-host.ts';
import type { Taken } from '../headless/take-directory.ts';
import type { CommandInput } from './command.ts';
import { CommandError, exitCodes, type ExitCode } from './exit-codes.ts';
import { openTab } from './open-tab.ts';
import { type Readiness, readyLine, sayReady } from './ready-line.ts';
import { type StopCause, untilStopped } from './until-stopped.ts';

/** What the window is served on unless told otherwise. */
export const defaultUiPort = 7390;
/** Of a gateway's admin listener, unless its configuration says otherwise: a second window there would keep every gateway from starting. */
const usualAdminPort = 7391;

/** The host that a directory has already. */
export type RunningHost = Extract<Taken, { kind: 'running' }>;

export interface HostRun {
  /** `undefined` takes the usual one, or the next free. */
  readonly uiPort: number | undefined;
  readonly isTabWanted: boolean;
  /** Whether SIGHUP has the configuration read anew, as services do; else it ends the host. */
  readonly isReloadable: boolean;
  /** Opens what the host shall listen on before it says that it is ready. */
  open(host: Host): Promise<void>;
  /** The directory has a host already: what to do with that one. */
  join(running: RunningHost): Promise<ExitCode>;
}

/** Ends with 0 after an orderly stop. */
export async function runHost(input: CommandInput, run: HostRun): Promise<ExitCode> {
  const ready = Promise.withResolvers<Host>();
  // One that comes during the start is seen to after it: the file may have been read already.
  const onHangup = () => void ready.promise.then(host => reload(host, input));
  const watch = untilStopped(run.isReloadable ? { onHangup } : {});
  try {
    const started = await startHost({
      kind: 'headless',
      dataDir: input.dataDir,
      program: input.program,
      logs: input.logs,
      port: { number: run.uiPort ?? defaultUiPort, isFixed: run.uiPort !== undefined, skipped: [usualAdminPort] },
      rendererDir: input.program.rendererDir,
      onStopRequested: watch.stop,
    });
    if (started.kind === 'running') return await joined(started, watch.release, run);
    if (started.kind !== 'started') throw new CommandError(exitCodes.unavailable, started.message);
    let cause: StopCause = 'person';
    try {
      await run.open(started.host);
      ready.resolve(started.host);
      await tell(input, readinessOf(started.host), started.host.engine, run.isTabWanted);
      input.log.info('The host is ready', { dataDir: input.dataDir, apiUrl: started.host.apiUrl });
      cause = await watch.stopped;
      input.log.info('The host stops');
      if (!input.isJson) input.screen.remark('Stopping …');
    } finally {
      await started.host.stop({ isHurried: cause === 'person' });
    }
    return exitCodes.ok;
  } finally {
    watch.release();
  }
}

/** Why a file was not taken is told by the gateway: in log, metrics, audit and status. */
async function reload({ engine }: Host, { log }: CommandInput): Promise<void> {
  try {
    await engine.gateway.reload('SIGHUP');
  } catch (error) {
    log.debug('The configuration was not read anew', { error: String(error) });
  }
}

async function joined(running: RunningHost, release: () => void, run: HostRun): Promise<ExitCode> {
  release();
  try {
    return await run.join(running);
  } finally {
    running.connection.close();
  }
}

/** Says how a running host can be reached, for a command that found one. */
export async function describeRunning({ connection, info }: RunningHost): Promise<Readiness> {
  const uiUrl = await connection.call('host.uiUrl', {}).then(
    ({ url }) => url,
    (error: unknown) => {
      if (error instanceof TrafficError && error.code === 'NOT_FOUND') return undefined;
      throw error;
    },
  );
  return {
    event: 'already-running',
    uiUrl,
    pid: info.pid,
    dataDir: info.dataDir,
    listeners: info.listeners.filter(({ kind }) => kind !== 'hub'),
  };
}

/** Prints readiness in the form that was asked for, and opens a tab where one is wanted. */
export async function tellReady(input: CommandInput, ready: Readiness, wrapCommand: string, isTabWanted: boolean): Promise<void> {
  if (input.isJson) await input.screen.write(readyLine(ready));
  else await sayReady(input.screen, ready, wrapCommand);
  if (isTabWanted && ready.uiUrl !== undefined) openTab(ready.uiUrl, input.screen);
}

async function tell(input: CommandInput, ready: Readiness, engine: Host['engine'], isTabWanted: boolean): Promise<void> {
  const info = await engine.api.call('host.info', {});
  await tellReady(input, ready, info.ok ? info.value.wrapCommand : '', isTabWanted);
}

function readinessOf(host: Host): Readiness {
  return {
    event: 'ready',
    uiUrl: host.freshUiUrl(),
    pid: process.pid,
    dataDir: host.dataDir,
    listeners: host.engine.listeners().filter(({ kind }) => kind !== 'hub'),
  };
}
