/** What the shim says of itself. Read when it is first needed, which is after the server was started. */
import { readFileSync } from 'node:fs';
import type { ShimSession } from '../../shared/shim/protocol.ts';

/** `startedAt` in epoch ms; `parentPid` as it was at the start, before a parent could die. */
export function sessionIdentity(start: { startedAt: number; parentPid: number; name: string; command: readonly string[] }): ShimSession {
  return {
    id: newId(start.startedAt),
    startedAt: start.startedAt,
    pid: process.pid,
    pidMark: startTicks(),
    name: start.name,
    command: start.command,
    clientName: processName(start.parentPid) ?? 'unknown client',
  };
}

/** Unique and sortable; nobody has to guess it, so node:crypto (10 ms to load) is not needed. */
function newId(startedAt: number): string {
  const random = (): string =>
    Math.floor(Math.random() * 36 ** 8)
      .toString(36)
      .padStart(8, '0');
  return `${startedAt.toString(36)}${random()}${random()}`;
}

/** proc(5): field 22 of stat, counted from behind the command name, which may hold spaces. */
function startTicks(): string {
  const stat = readText('/proc/self/stat');
  return stat?.slice(stat.lastIndexOf(')') + 2).split(' ')[19] ?? '';
}

function processName(pid: number): string | undefined {
  const name = readText(`/proc/${pid}/comm`)?.trim();
  return name === '' ? undefined : name;
}

function readText(path: string): string | undefined {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return undefined;
  }
}
