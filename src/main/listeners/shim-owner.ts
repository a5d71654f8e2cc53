/** Is the process that owns a session still there? A spool file of a living shim belongs to it alone. */
import { readFileSync } from 'node:fs';
import type { ShimSession } from '../../shared/shim/protocol.ts';

/** Where the system tells when a process was started (Linux), a later process with the same pid is not mistaken for the shim. */
export function isShimAlive({ pid, pidMark }: Pick<ShimSession, 'pid' | 'pidMark'>): boolean {
  if (pidMark !== '') return startTicks(pid) === pidMark;
  try {
    return process.kill(pid, 0);
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM';
  }
}

/** Undefined when there is no such process, or only what is left of a dead one. */
function startTicks(pid: number): string | undefined {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
    const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
    return fields[0] === 'Z' || fields[0] === 'X' ? undefined : fields[19];
  } catch {
    return undefined;
  }
}
