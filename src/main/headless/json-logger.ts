/** Logs as JSON lines on stderr: events with facts, no payloads, no secrets. */
import type { Clock, Logger } from '../ports.ts';

export const logLevels = ['debug', 'info', 'warn', 'error', 'silent'] as const;
export type LogLevel = (typeof logLevels)[number];

/** Lets lines of `level` and above through. */
export function jsonLogger({ level, clock, write }: { level: LogLevel; clock: Clock; write: (line: string) => void }): Logger {
  const threshold = logLevels.indexOf(level);
  const at =
    (of: Exclude<LogLevel, 'silent'>) =>
    (message: string, facts: Record<string, unknown> = {}) => {
      if (logLevels.indexOf(of) < threshold) return;
      write(`${JSON.stringify({ at: new Date(clock.now()).toISOString(), level: of, message, ...facts })}\n`);
    };
  return { debug: at('debug'), info: at('info'), warn: at('warn'), error: at('error') };
}
