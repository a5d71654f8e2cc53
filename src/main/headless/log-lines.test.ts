/** The log as whoever reads it meets it. */
import { expect, test } from 'vitest';
import type { LogLevel } from '../ports.ts';
import { componentLogs, logLevels } from './component-logs.ts';

const clock = { now: () => Date.UTC(2026, 10, 22), monotonicUs: () => 0 };

/** What a logger of this level lets through of one line per level. */
function linesAt(level: LogLevel): string[] {
  const lines: string[] = [];
  const log = componentLogs({ level, clock, write: line => void lines.push(line) }).of('');
  log.debug('d', { count: 1 });
  log.info('i');
  log.warn('w');
  log.error('e');
  return lines;
}

test('each line is one JSON object with its time and facts', () => {
  expect(linesAt('debug')[0]).toBe('{"at":"2026-11-22T00:00:00.000Z","level":"debug","message":"d","count":1}\n');
});

test('a level lets itself and what is graver through; silent nothing', () => {
  expect(logLevels.map(level => linesAt(level).length)).toEqual([4, 3, 2, 1, 0]);
});
