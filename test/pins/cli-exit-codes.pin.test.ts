/** Scripts rely on these numbers. A change here is a breaking change: write it into the changelog. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { commandList } from '../../src/main/cli/command-list.ts';
import { CommandError, exitCodeOf, exitCodes } from '../../src/main/cli/exit-codes.ts';
import { errorTable, TrafficError, type ErrorCode } from '../../src/shared/errors/error-table.ts';

test('exit codes', () => {
  expect(exitCodes).toEqual({ ok: 0, failed: 1, usage: 2, notFound: 3, unavailable: 4 });
});

test('which failure ends with which code', () => {
  const byCode = Object.keys(errorTable).map(code => [code, exitCodeOf(new TrafficError(code as ErrorCode, 'x'))]);
  expect(Object.fromEntries(byCode.filter(([, exit]) => exit !== 1))).toEqual({
    BAD_REQUEST: 2,
    BAD_CALL: 2,
    NOT_FOUND: 3,
    NOT_ALLOWED: 4,
    CONFLICT: 4,
    SHUTTING_DOWN: 4,
  });
  expect(exitCodeOf(new Error('a defect'))).toBe(1);
  expect(exitCodeOf(new CommandError(exitCodes.usage, 'x'))).toBe(2);
});

test('commands', () => {
  expect(commandList.map(({ name }) => name)).toEqual([
    'serve',
    'wrap',
    'proxy',
    'gateway',
    'connect',
    'session list',
    'session show',
    'session rename',
    'session kill',
    'session delete',
    'tape export',
    'audit verify',
    'audit list',
    'audit export',
    'config init',
    'config check',
    'config print',
    'config schema',
    'config history',
    'config rollback',
    'policy dry-run',
    'status',
    'upstream trip',
    'upstream reset',
    'upstream isolate',
    'upstream rejoin',
    'pin list',
    'pin approve',
    'sign-in',
    'secret set',
    'secret list',
    'secret delete',
    'doctor',
    'completions',
  ]);
});

test('the documentation names every command and every exit code', () => {
  const page = readFileSync(join(import.meta.dirname, '../../docs/cli.md'), 'utf8');
  for (const { name } of commandList) expect(page).toContain(`shadowcat ${name}`);
  for (const code of Object.values(exitCodes)) expect(page).toMatch(new RegExp(`^\\| ${code} \\|`, 'm'));
});
