import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { systemClock } from '../ports.ts';
import { Purger } from './purging.ts';
import { StoreFile } from './store-file.ts';
import type { WorkerEvent } from './worker-protocol.ts';

test('a file closed while room is given back stays closed: no companion is left beside it, and nothing is said', async () => {
  const directory = mkdtempSync(join(tmpdir(), 'shadowcat-purging-'));
  const path = join(directory, 'traffic.db');
  const told: WorkerEvent[] = [];
  const retention = { maxAgeMs: Infinity, maxStoredBytes: 1024 * 1024, checkMs: 50 };
  const now = () => systemClock.now();
  const file = new StoreFile({ path, now, retention, onEvent: event => told.push(event) });
  const purger = new Purger({ file, now, post: event => told.push(event), onWrite: () => {} });
  file.use(({ db }) =>
    db.exec(`CREATE TABLE passing (bytes BLOB); INSERT INTO passing VALUES (zeroblob(${32 * 1024 * 1024})); DROP TABLE passing`),
  );
  const pages = () => file.use(({ db }) => db.pragma('freelist_count', { simple: true }) as number);
  const before = pages();

  const retaining = purger.retain();
  // A few steps in, and far from the end.
  for (let step = 0; step < 3; step += 1) await new Promise(resolve => setImmediate(resolve));
  const left = pages();
  purger.stop();
  file.close();
  await retaining;

  expect(left).toBeGreaterThan(0);
  expect(left).toBeLessThan(before);
  expect(existsSync(`${path}-wal`)).toBe(false);
  expect(told).toEqual([]);
  expect(() => pages()).toThrow('The store is closed.');
  rmSync(directory, { recursive: true, force: true });
});
