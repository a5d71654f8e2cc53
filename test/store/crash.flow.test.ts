/** A host that is killed under load loses nothing that was handed over more than 500 ms before. */
import { spawn } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';
import { integrityProblems } from '../../src/main/store/integrity.ts';
import { openTestStore } from '../kit/store-kit.ts';

test('after SIGKILL under load the record is there, the database is clean, the session is marked', async () => {
  const directory = mkdtempSync(join(tmpdir(), 'shadowcat-crash-'));
  const path = join(directory, 'traffic.db');
  const child = spawn(process.execPath, [fileURLToPath(new URL('store-child.ts', import.meta.url)), 'load', path], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const handed: { readonly at: number; readonly seq: number }[] = [];
  createInterface({ input: child.stdout }).on('line', line =>
    handed.push({ at: performance.now(), seq: (JSON.parse(line) as { handed: number }).handed }),
  );
  try {
    await expect.poll(() => handed.length, { timeout: 20_000 }).toBeGreaterThan(0);
    const firstAt = handed[0]?.at ?? 0;
    await expect.poll(() => performance.now() - firstAt, { timeout: 20_000 }).toBeGreaterThan(2_000);
    const killedAt = performance.now();
    child.kill('SIGKILL');
    await new Promise(resolve => child.once('exit', resolve));

    await using kit = await openTestStore({ path });
    expect(await kit.store.markInterrupted(Date.now())).toEqual(['loaded']);
    const session = await kit.store.session('loaded');
    const owed = handed.findLast(({ at }) => at < killedAt - 500)?.seq ?? 0;

    expect(owed).toBeGreaterThan(100);
    expect(session).toMatchObject({ state: 'interrupted', endReason: expect.any(String) as unknown });
    const past = await kit.store.sessionPast('loaded');
    expect(past?.committedSeq).toBeGreaterThanOrEqual(owed);
    expect(session?.frameCount).toBe(past?.lastSeq);
    expect(session?.exchangeCount).toBe(Math.ceil((past?.lastSeq ?? 0) / 2));
    expect(integrityProblems(path)).toEqual([]);

    // Full text catches up with what the killed process had not indexed.
    const last = past?.lastSeq ?? 0;
    await expect
      .poll(
        async () =>
          (
            await kit.store.openView('words', {
              mode: 'frames',
              filter: 'kind:req words',
              scope: {},
              requestsOnly: false,
              sort: { column: 'id', descending: true },
            })
          ).matched,
        { timeout: 20_000 },
      )
      .toBe(Math.ceil(last / 2));
  } finally {
    child.kill('SIGKILL');
    rmSync(directory, { recursive: true, force: true });
  }
});
