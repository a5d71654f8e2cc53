import { existsSync, mkdtempSync, readFileSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { crc32 } from '../../shared/shim/crc32.ts';
import { decodeFrame, type ShimFrame } from '../../shared/shim/frame-coding.ts';
import { MessageReader, messageHeadBytes } from '../../shared/shim/message-coding.ts';
import { messageType, type ShimSession } from '../../shared/shim/protocol.ts';
import { FrameLog, type FrameLogLimits } from './frame-log.ts';
import { Spool } from './spool.ts';

const session: ShimSession = { id: 'session-of-a-test', startedAt: 1, pid: 1, pidMark: '', name: '', command: ['cat'], clientName: 'test' };
let dir = '';
let path = '';
beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), 'shadowcat-log-'));
  path = join(dir, 'spool', 's.spool');
});
afterEach(() => rmSync(dir, { recursive: true, force: true }));

function aLog(limits: Partial<FrameLogLimits> = {}): FrameLog {
  return new FrameLog({
    limits: { memoryBytes: 100_000, spoolBytes: 1_000_000, spoolAfterMs: 20, ...limits },
    openSpool: () => new Spool(path, session),
    onAdded: () => undefined,
  });
}

function addLine(log: FrameLog, text: string): void {
  const bytes = Buffer.from(text);
  log.add({ at: 1, monotonicUs: 1, direction: 'fromClient', delivery: 'line', sizeBytes: bytes.length }, [bytes]);
}

/** The frames in the spool file, as a hub would read them. */
function spooled(): ShimFrame[] {
  const reader = new MessageReader(crc32);
  reader.push(readFileSync(path));
  const frames: ShimFrame[] = [];
  for (let message = reader.next(); message !== undefined; message = reader.next())
    if (message.type === messageType.frame) frames.push(decodeFrame(message.payload) as ShimFrame);
  return frames;
}

const wait = (ms: number): Promise<void> => new Promise(resolve => setTimeout(resolve, ms));
const inMemory = (log: FrameLog): number[] => log.after(0).map(({ seq }) => seq);

test('with a hub, frames are in memory until they are committed, and no file is made', async () => {
  const log = aLog();
  log.setOnline(true);
  for (const text of ['a', 'b', 'c']) addLine(log, text);
  expect(inMemory(log)).toEqual([1, 2, 3]);
  expect(
    log
      .after(2)
      .map(({ seq, parts }) => [seq, Buffer.from(decodeFrame((parts[0] as Uint8Array).subarray(messageHeadBytes))?.body ?? []).toString()]),
  ).toEqual([[3, 'c']]);
  log.ack(2);
  expect(inMemory(log)).toEqual([3]);
  await wait(60);
  expect(existsSync(path)).toBe(false);
  log.ack(3);
  expect(await log.close()).toBe(true);
  expect(existsSync(path)).toBe(false);
});

test('without a hub, frames are on disk a moment later, in order, for the owner alone', async () => {
  const log = aLog();
  for (const text of ['a', 'b']) addLine(log, text);
  await expect.poll(() => existsSync(path) && inMemory(log).length).toBe(0);
  addLine(log, 'c');
  await expect.poll(() => inMemory(log).length).toBe(0);
  expect(spooled().map(({ seq, body }) => [seq, Buffer.from(body).toString()])).toEqual([
    [1, 'a'],
    [2, 'b'],
    [3, 'c'],
  ]);
  expect(inMemory(log)).toEqual([]);
  expect(statSync(path).mode & 0o777).toBe(0o600);
  log.ack(2);
  expect(existsSync(path)).toBe(true);
  log.ack(3);
  expect(existsSync(path)).toBe(false);
});

test('with a hub that commits too slowly, what is over the limit goes to disk, oldest first', async () => {
  const log = aLog({ memoryBytes: 10_000 });
  log.setOnline(true);
  for (let count = 0; count < 50; count += 1) addLine(log, 'x'.repeat(1_000));
  await expect.poll(() => inMemory(log).length).toBeLessThan(20);
  const onDisk = spooled().map(({ seq }) => seq);
  expect(onDisk.length).toBeGreaterThan(30);
  expect([...onDisk, ...inMemory(log)]).toEqual(Array.from({ length: 50 }, (_, index) => index + 1));
});

test('over the cap of the spool bodies are left out and marked, frames never', async () => {
  const log = aLog({ spoolBytes: 20_000 });
  for (let count = 0; count < 100; count += 1) {
    addLine(log, `{"jsonrpc":"2.0","id":${count},"method":"m","params":"${'x'.repeat(1_000)}"}`);
    if (count % 10 === 0) await wait(30);
  }
  expect(await log.close()).toBe(true);
  const frames = spooled();
  expect(frames.map(({ seq }) => seq)).toEqual(Array.from({ length: 100 }, (_, index) => index + 1));
  const dropped = frames.filter(frame => frame.isDropped);
  expect(dropped.length).toBeGreaterThan(70);
  expect(dropped.at(-1)).toMatchObject({ sizeBytes: 1_050, whole: { facts: { idText: '99', method: 'm' } } });
  expect(dropped.every(frame => frame.body.length === 0)).toBe(true);
  expect(statSync(path).size).toBeLessThan(20_000 + 100 * 200);
});

test('facts of the session keep their body whatever is full: without the last one nobody knew how the session ended', async () => {
  const log = aLog({ spoolBytes: 100 });
  const fact = Buffer.from('{"event":"exited","code":0,"signal":null}');
  addLine(log, 'x'.repeat(200));
  log.add({ at: 1, monotonicUs: 1, direction: 'fromServer', delivery: 'lifecycle', sizeBytes: fact.length }, [fact]);
  await log.close();
  expect(spooled().map(({ isDropped, body }) => [isDropped, Buffer.from(body).toString()])).toEqual([
    [true, ''],
    [false, fact.toString()],
  ]);
});

test('at the end everything that is not committed is on disk at once', async () => {
  const log = aLog();
  log.setOnline(true);
  for (const text of ['a', 'b', 'c']) addLine(log, text);
  log.ack(1);
  expect(await log.close()).toBe(true);
  expect(spooled().map(({ seq }) => seq)).toEqual([2, 3]);
});

test('a disk that takes nothing leaves the frames in memory, and says so at the end', async () => {
  const log = new FrameLog({
    limits: { memoryBytes: 1_000, spoolBytes: 1_000_000, spoolAfterMs: 10 },
    openSpool: () => {
      throw new Error('read-only');
    },
    onAdded: () => undefined,
  });
  for (let count = 0; count < 20; count += 1) addLine(log, 'x'.repeat(500));
  await wait(40);
  expect(inMemory(log)).toHaveLength(20);
  expect(await log.close()).toBe(false);
});
