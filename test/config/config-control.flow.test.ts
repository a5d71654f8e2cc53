/** What becomes of a configuration file that cannot be taken: how it is told, and that putting it back settles the matter. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { ConfigControl } from '../../src/main/gateway/config-control.ts';
import { type Logger, silentLogger, systemClock } from '../../src/main/ports.ts';

let dir: string;
let controls: ConfigControl[];
beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), 'shadowcat-control-'));
  controls = [];
});
afterEach(async () => {
  await Promise.all(controls.map(control => control.close()));
  rmSync(dir, { recursive: true, force: true });
});

const file = () => join(dir, 'gateway.yaml');

function control(take: () => Promise<void> = () => Promise.resolve(), log: Logger = silentLogger) {
  const told: string[] = [];
  const made = new ConfigControl({
    dataDir: dir,
    env: {},
    clock: systemClock,
    log,
    emit: event => void (event.type === 'config' && told.push(`${event.outcome}: ${event.reason}`)),
    checks: [],
    take,
  });
  controls.push(made);
  return { control: made, told };
}

test('a file that is put back after a mistake has no problems any more', async () => {
  writeFileSync(file(), 'version: 1\n');
  const { control: config, told } = control();
  await config.load(file());
  writeFileSync(file(), 'version: 1\nadmn: {}\n');
  await vi.waitFor(() => expect(config.problems).toHaveLength(1), 20_000);
  writeFileSync(file(), 'version: 1\n');
  await vi.waitFor(() => expect(config.problems).toEqual([]), 20_000);
  expect(told).toEqual([
    'applied: loaded',
    `rejected: The configuration cannot be taken. ${file()}:2:1: Unknown key "admn"; did you mean admin?`,
    'applied: the file is again as it is in force',
  ]);
});

test('the usual file is taken when it appears, however soon after the host looked for it', async () => {
  const { control: config, told } = control();
  await config.loadUsual();
  writeFileSync(join(dir, 'shadowcat.yaml'), 'version: 1\n');
  await vi.waitFor(() => expect(config.inForce).toBeDefined(), 20_000);
  expect(told).toEqual(['applied: the file changed']);
});

test('a usual file that is wrong from the start is told once, and taken when it is mended', async () => {
  const usual = join(dir, 'shadowcat.yaml');
  writeFileSync(usual, 'version: 2\n');
  const { control: config, told } = control();
  await config.loadUsual();
  await vi.waitFor(() => expect(told).toHaveLength(1), 20_000);
  writeFileSync(usual, 'version: 1\n');
  await vi.waitFor(() => expect(told.at(-1)).toBe('applied: the file changed'), 20_000);
  expect(told).toHaveLength(2);
});

test('mistakes are told as config check tells them, and a port that is taken is none', async () => {
  writeFileSync(file(), 'version: 1\nadmn: {}\nlistners: []\n');
  const { control: config } = control(() =>
    Promise.reject(Object.assign(new Error('in use'), { code: 'EADDRINUSE', address: '::1', port: 7 })),
  );
  await expect(config.load(file())).rejects.toMatchObject({
    code: 'BAD_CALL',
    message: `The configuration cannot be taken.
${file()}:2:1: Unknown key "admn"; did you mean admin?
${file()}:3:1: Unknown key "listners"; did you mean listeners?`,
  });
  writeFileSync(file(), 'version: 1\n');
  await expect(config.load(file())).rejects.toMatchObject({
    code: 'CONFLICT',
    message: expect.stringContaining('Port 7 of ::1 is taken by another program; end that one') as unknown,
  });
});

test('what is not here as the file needs it is in the log when it comes into force, as config check tells it', async () => {
  writeFileSync(
    file(),
    `version: 1
upstreams: { files: { instances: [{ id: a, command: no-such-program, env: { KEY: "\${env:NOT_SET}" } }] } }
listeners: [{ name: main, routes: [{ path: /mcp, upstream: files }] }]
`,
  );
  const warned: unknown[] = [];
  const log: Logger = { ...silentLogger, warn: (_message, facts) => void warned.push(facts?.['message']) };
  await control(undefined, log).control.load(file());
  expect(warned).toEqual([
    expect.stringContaining('"no-such-program" was not found on PATH.'),
    expect.stringContaining('NOT_SET is not set in this environment.'),
  ]);
});
