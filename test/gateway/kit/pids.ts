/** Processes by their numbers: what a gateway started has to be gone with it. */
import { existsSync, readFileSync } from 'node:fs';
import { asJsonObject } from '../../peers/child-process.ts';

/** Processes of the tool server over stdio that wrote this log, oldest first. */
export function pidsIn(logFile: string): number[] {
  if (!existsSync(logFile)) return [];
  return readFileSync(logFile, 'utf8')
    .split('\n')
    .flatMap(line => {
      const pid = asJsonObject(line)?.['pid'];
      return typeof pid === 'number' ? [pid] : [];
    });
}

export function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
}
