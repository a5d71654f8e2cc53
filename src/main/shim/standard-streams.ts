/** Closes our own stdin or stdout before the process ends, which Node's streams cannot do: peers shall see the end when it comes. */
import { closeSync, openSync } from 'node:fs';

/** Closes a standard descriptor and puts the null device in its place, so that no file or socket ever gets its number. */
export function closeStandard(fd: 0 | 1): void {
  try {
    closeSync(fd);
    openSync(process.platform === 'win32' ? '\\\\.\\nul' : '/dev/null', fd === 0 ? 'r' : 'w');
  } catch {
    // It was closed already, or there is no null device: the end of the process will do.
  }
}
