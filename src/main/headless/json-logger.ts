/** The log of a command: JSON lines on stderr, of no component. */
import type { Clock, Logger, LogLevel } from '../ports.ts';
import { componentLogs } from './component-logs.ts';

export { logLevels } from './component-logs.ts';
export type { LogLevel } from '../ports.ts';

/** Lets lines of `level` and above through. */
export function jsonLogger(options: { level: LogLevel; clock: Clock; write: (line: string) => void }): Logger {
  return componentLogs(options).of('');
}
