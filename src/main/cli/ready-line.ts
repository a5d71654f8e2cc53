/** What a host says once it is ready: one JSON line for programs, a few sentences for people. */
import type { ListenerInfo } from '../../shared/model/host.ts';
import type { Screen } from './screen.ts';

export interface Readiness {
  /** `already-running` on a directory that has a host: nothing was started. */
  readonly event: 'ready' | 'already-running';
  /** Signs in once; absent where the host serves no page (the desktop). */
  readonly uiUrl: string | undefined;
  /** What was done about the desktop app's window, where the host is that. */
  readonly window?: string;
  /** The host's process. */
  readonly pid: number;
  readonly dataDir: string;
  /** Addresses that clients dial. */
  readonly listeners: readonly ListenerInfo[];
  /** What was asked for goes on at the host when this command ends. */
  readonly staysAtHost?: boolean;
}

/** The line of `--json`. */
export function readyLine({ event, uiUrl, pid, dataDir, listeners }: Readiness): string {
  return `${JSON.stringify({ event, uiUrl: uiUrl ?? null, pid, dataDir, listeners: listeners.map(({ name, url }) => ({ name, url })) })}\n`;
}

/** The same for a person. */
export async function sayReady(screen: Screen, ready: Readiness, wrapCommand: string): Promise<void> {
  const lines = [
    ready.event === 'ready' ? 'Shadowcat is running.' : `Shadowcat runs already (process ${ready.pid}).`,
    '',
    ...windowLine(ready),
    ...ready.listeners.map(
      ({ kind, name, url, upstream }) => `  ${kind === 'gateway' ? 'Gateway' : 'Proxy  '}    ${url}  →  ${upstream ?? name}`,
    ),
    `  Data       ${ready.dataDir}`,
    '',
    ...(ready.uiUrl === undefined ? [] : ['The address of the window signs in once; "shadowcat serve" prints a fresh one.']),
    whatNext(ready.listeners.length, wrapCommand),
    ...(ready.event === 'ready' ? [howToStop(ready)] : []),
  ];
  await screen.write(`${lines.join('\n')}\n`);
}

function whatNext(listenerCount: number, wrapCommand: string): string {
  if (listenerCount === 0) return `Watch a server: put this before its command in the client's configuration: ${wrapCommand}`;
  return listenerCount === 1
    ? 'Point the client at the address above instead of the server.'
    : 'Point clients at the addresses above instead of the servers.';
}

function howToStop({ staysAtHost = false, pid }: Readiness): string {
  return staysAtHost ? `The host (process ${pid}) serves this from now on; Ctrl-C ends this command alone.` : 'Stop with Ctrl-C.';
}

function windowLine({ uiUrl, window }: Readiness): string[] {
  const shown = uiUrl ?? window;
  return shown === undefined ? [] : [`  Window     ${shown}`];
}
