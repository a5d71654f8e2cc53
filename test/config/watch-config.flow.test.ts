/** Watching a configuration on a real file system: every way in which people and orchestrators change a file. */
import { mkdirSync, mkdtempSync, renameSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { silentLogger, systemClock } from '../../src/main/ports.ts';
import { configHash } from '../../src/main/settings/read-config.ts';
import { type ConfigWatch, watchConfig, type WatchConfigOptions } from '../../src/main/settings/watch-config.ts';

let dir: string;
let watches: ConfigWatch[];
beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), 'shadowcat-watch-'));
  watches = [];
});
afterEach(async () => {
  await Promise.all(watches.map(watch => watch.close()));
  rmSync(dir, { recursive: true, force: true });
});

const file = (name = 'shadowcat.yaml') => join(dir, name);
const quiet = () => sleep(700);

async function watching(options: Partial<WatchConfigOptions> = {}) {
  const told: string[] = [];
  const warnings: string[] = [];
  const watch = watchConfig({
    path: file(),
    clock: systemClock,
    log: { ...silentLogger, warn: message => warnings.push(message), error: message => warnings.push(message) },
    onChange: ({ contents, hash }) => {
      expect(hash).toBe(configHash(contents));
      told.push(new TextDecoder().decode(contents));
    },
    ...options,
  });
  watches.push(watch);
  // The first look takes the file as it is; events count from then on.
  await watch.look();
  return { watch, told, warnings };
}
/** By an event: the regular look every five seconds would come later. */
const expectTold = (told: readonly string[], texts: readonly string[]) =>
  vi.waitFor(() => expect(told).toEqual(texts), { timeout: 4000, interval: 20 });

test('a file that is written is told once, after it has become quiet', async () => {
  writeFileSync(file(), 'one');
  const { told } = await watching();
  // Quiet is a quarter of a second: a machine that is busy for that long between two writes says nothing of the watch.
  const texts = ['one'];
  for (let isSteady = false; !isSteady;) {
    const toldBefore = told.length;
    isSteady = true;
    for (const part of ['t', 'tw', 'two']) {
      texts.push(`${part}${texts.length}`);
      writeFileSync(file(), texts.at(-1) ?? '');
      const writtenAt = performance.now();
      await sleep(60);
      isSteady &&= performance.now() - writtenAt < 150;
    }
    if (isSteady) expect(told).toHaveLength(toldBefore);
    await vi.waitFor(() => expect(told.at(-1)).toBe(texts.at(-1)), { timeout: 20_000, interval: 20 });
    await quiet();
    if (isSteady) expect(told.slice(toldBefore)).toEqual(texts.slice(-1));
  }
});

test('a file that is renamed over, removed and made again, is told; the same text is not', async () => {
  writeFileSync(file(), 'one');
  const { told, warnings } = await watching();
  writeFileSync(file('.draft'), 'two');
  renameSync(file('.draft'), file());
  await expectTold(told, ['two']);
  rmSync(file());
  await vi.waitFor(() => expect(warnings).toEqual(['The configuration file is gone; what it said stays in force']), 20_000);
  writeFileSync(file(), 'two');
  await quiet();
  expect(told).toEqual(['two']);
  rmSync(file());
  writeFileSync(file(), 'three');
  await expectTold(told, ['two', 'three']);
  expect(warnings.length).toBe(1);
});

test('a directory that never becomes quiet keeps no change back for long', async () => {
  writeFileSync(file(), 'one');
  const { told } = await watching();
  writeFileSync(file(), 'two');
  const noise = setInterval(() => writeFileSync(file('noise'), String(performance.now())), 50);
  try {
    await expectTold(told, ['two']);
  } finally {
    clearInterval(noise);
  }
});

test('the links of a mounted volume are followed when they are swapped', async () => {
  const volume = (name: string, text: string) => {
    mkdirSync(file(name));
    writeFileSync(file(`${name}/shadowcat.yaml`), text);
    symlinkSync(name, file('..next'));
    renameSync(file('..next'), file('..data'));
  };
  volume('..2026_01', 'one');
  symlinkSync('..data/shadowcat.yaml', file());
  const { told } = await watching();
  volume('..2026_02', 'two');
  rmSync(file('..2026_01'), { recursive: true });
  await expectTold(told, ['two']);
  volume('..2026_03', 'three');
  await expectTold(told, ['two', 'three']);
});

test('a file behind a link elsewhere is watched where it lies, and where the link is turned to', async () => {
  mkdirSync(file('elsewhere'));
  mkdirSync(file('third'));
  writeFileSync(file('elsewhere/real.yaml'), 'one');
  writeFileSync(file('third/real.yaml'), 'three');
  mkdirSync(file('config'));
  symlinkSync('../elsewhere/real.yaml', file('config/shadowcat.yaml'));
  const { told } = await watching({ path: file('config/shadowcat.yaml') });
  writeFileSync(file('elsewhere/real.yaml'), 'two');
  await expectTold(told, ['two']);
  symlinkSync('../third/real.yaml', file('config/next'));
  renameSync(file('config/next'), file('config/shadowcat.yaml'));
  await expectTold(told, ['two', 'three']);
  writeFileSync(file('third/real.yaml'), 'four');
  await expectTold(told, ['two', 'three', 'four']);
});

test('what changed between reading and watching is told at once', async () => {
  writeFileSync(file(), 'two');
  const { told } = await watching({ hash: configHash('one') });
  expect(told).toEqual(['two']);
  expect((await watching({ hash: configHash('two') })).told).toEqual([]);
});

test('a directory that is replaced is watched again', async () => {
  mkdirSync(file('config'));
  const path = file('config/shadowcat.yaml');
  writeFileSync(path, 'one');
  const { watch, told } = await watching({ path });
  renameSync(file('config'), file('old'));
  mkdirSync(file('config'));
  writeFileSync(path, 'two');
  // The parent is not watched, so this waits for the regular look.
  await watch.look();
  expect(told).toEqual(['two']);
  writeFileSync(path, 'three');
  await expectTold(told, ['two', 'three']);
});

test('a taker that fails is logged and called again with the next change; calls do not overlap', async () => {
  writeFileSync(file(), 'one');
  const seen: string[] = [];
  let running = 0;
  let begun = 0;
  const { watch, warnings } = await watching({
    async onChange({ contents }) {
      running += 1;
      begun += 1;
      expect(running).toBe(1);
      await sleep(50);
      running -= 1;
      seen.push(new TextDecoder().decode(contents));
      if (seen.length === 1) throw new Error('no');
    },
  });
  writeFileSync(file(), 'two');
  const first = watch.look();
  await vi.waitFor(() => expect(begun).toBe(1), { timeout: 20_000, interval: 5 });
  writeFileSync(file(), 'three');
  await Promise.all([first, watch.look()]);
  expect(seen).toEqual(['two', 'three']);
  expect(warnings).toEqual(['The changed configuration was not taken']);
});

test('nothing is told after close, and a file beyond all measure is read in part', async () => {
  writeFileSync(file(), 'one');
  const sizes: number[] = [];
  const { watch } = await watching({ onChange: ({ contents }) => void sizes.push(contents.length) });
  writeFileSync(file(), Buffer.alloc(6 * 1024 * 1024, 0x20));
  await vi.waitFor(() => expect(sizes).toEqual([4 * 1024 * 1024 + 1]), 20_000);
  writeFileSync(file(), 'two');
  await watch.close();
  await quiet();
  await watch.look();
  expect(sizes.length).toBe(1);
});
