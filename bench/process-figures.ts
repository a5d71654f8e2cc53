/** What the kernel knows of a process: CPU time used and memory held. Only where there is `/proc`. */
import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';

let ticksPerSecond: number | undefined;

/** CPU time of all threads of a process since its start, in ms; undefined where the system does not tell. */
export function cpuMs(pid: number): number | undefined {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'latin1');
    // The command's name stands in parentheses and may hold spaces; fields are counted behind it.
    const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
    ticksPerSecond ??= Number(execFileSync('getconf', ['CLK_TCK'], { encoding: 'utf8' }));
    return ((Number(fields[11]) + Number(fields[12])) / ticksPerSecond) * 1_000;
  } catch {
    return undefined;
  }
}

/** Resident memory in MB (10^6 bytes); undefined where the system does not tell. */
export function residentMb(pid: number): number | undefined {
  try {
    const line = /^VmRSS:\s+(\d+) kB/m.exec(readFileSync(`/proc/${pid}/status`, 'latin1'));
    return line === null ? undefined : (Number(line[1]) * 1_024) / 1e6;
  } catch {
    return undefined;
  }
}

/**
 * Waits until the processes have nothing left to do, so that one hop's backlog (a recorder still writing) does not
 * slow down the next hop's round. Gives up after `deadlineMs`. Resolves to the time waited.
 */
export async function settle(pids: readonly number[], deadlineMs: number): Promise<number> {
  const startedAt = performance.now();
  let before = pids.map(cpuMs);
  let quietCount = 0;
  while (performance.now() - startedAt < deadlineMs) {
    await new Promise(resolve => setTimeout(resolve, 50));
    const now = pids.map(cpuMs);
    const used = now.reduce<number>((sum, value, index) => sum + (value ?? 0) - (before[index] ?? 0), 0);
    before = now;
    quietCount = used < 10 ? quietCount + 1 : 0;
    if (quietCount === 2) break;
  }
  return performance.now() - startedAt;
}
