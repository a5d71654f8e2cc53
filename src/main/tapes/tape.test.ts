import { expect, test } from 'vitest';
import { fc } from '../../../test/kit/properties.ts';
import { aBatch, aCall, aFrame, aSession, aTime, openTestStore } from '../../../test/kit/store-kit.ts';
import type { FrameWithBody } from '../store/traffic-store.ts';
import { exportTape, storedFrames } from './export.ts';
import { bytesOfTape, readTape, type TapeItem, type TapeVerdict } from './read.ts';

const clock = { now: () => aTime, monotonicUs: () => 0 };
const tool = { name: 'shadowcat', version: '0.1.0' };

async function tapeOf(isRevealed: boolean): Promise<{ lines: string[]; frames: FrameWithBody[] }> {
  await using kit = await openTestStore();
  const call = aCall({ seq: 1, request: '{"jsonrpc":"2.0","id":1,"params":{"password":"hunter2"}}' });
  const binary = aFrame({ seq: 3, kind: 'http', body: Uint8Array.from([0, 255, 10, 200]), delivered: Buffer.from('changed') });
  const large = aFrame({ seq: 4, text: `"${'é\n'.repeat(5_000)}"`, at: aTime + 0.125, flags: ['late'] });
  await kit.store.commit(
    aBatch({ sessions: [aSession()], frames: [...call.frames, binary, large, aFrame({ seq: 5, text: '' })], exchanges: [call.exchange] }),
  );
  const session = await kit.store.session('s1');
  if (session === undefined) throw new Error('The session was not stored');
  const lines: string[] = [];
  const frames: FrameWithBody[] = [];
  // Pages of two: the seams between pages are part of what is tested.
  for await (const frame of storedFrames(kit.store, 's1', 2)) frames.push(frame);
  for await (const line of exportTape({ session, frames: storedFrames(kit.store, 's1', 2), tool, clock, isRevealed })) lines.push(line);
  return { lines, frames };
}

async function read(text: string, chunkBytes = 1_000): Promise<{ items: TapeItem[]; verdict: TapeVerdict }> {
  const bytes = Buffer.from(text);
  const chunks = Array.from({ length: Math.ceil(bytes.length / chunkBytes) }, (_, index) =>
    bytes.subarray(index * chunkBytes, (index + 1) * chunkBytes),
  );
  const items: TapeItem[] = [];
  for await (const item of readTape(chunks)) items.push(item);
  const last = items.at(-1);
  if (last?.kind !== 'verdict') throw new Error('The verdict comes last');
  return { items, verdict: last.verdict };
}

test('a tape gives back every frame with the same bytes, and knows that it is whole', async () => {
  const { lines, frames } = await tapeOf(true);
  const { items, verdict } = await read(lines.join(''));

  expect(verdict).toEqual({ state: 'whole', frameCount: 5, problems: [] });
  expect(items[0]).toMatchObject({ kind: 'header', header: { version: 1, tool, isMasked: false, session: { id: 's1', frameCount: 5 } } });
  const back = items.flatMap(item => (item.kind === 'frame' ? [item.frame] : []));
  for (const [index, { frame, body, delivered }] of frames.entries()) {
    expect(Buffer.from(bytesOfTape(back[index]?.body)).equals(body)).toBe(true);
    expect(Buffer.from(bytesOfTape(back[index]?.delivered)).equals(delivered ?? Buffer.alloc(0))).toBe(true);
    const { sessionId, preview, ...fields } = frame;
    void [sessionId, preview];
    expect(back[index]).toMatchObject(fields);
  }
});

test('secrets in payloads are masked unless revealed, and the masked tape still verifies', async () => {
  const { lines } = await tapeOf(false);
  const { items, verdict } = await read(lines.join(''));
  expect(lines.join('')).not.toContain('hunter2');
  expect(items[1]).toMatchObject({
    kind: 'frame',
    frame: { maskedCount: 1, body: { text: expect.stringContaining('"password":"••••"') as unknown } },
  });
  expect(verdict.state).toBe('whole');
});

test('a tape that was cut anywhere is readable up to there; one whose bytes changed is damaged', async () => {
  const { lines } = await tapeOf(false);
  const whole = lines.join('');
  expect((await read(lines.slice(0, -1).join(''))).verdict).toEqual({ state: 'interrupted', frameCount: 5, problems: [] });
  expect((await read(whole.slice(0, (lines[0]?.length ?? 0) + 50))).verdict).toEqual({ state: 'interrupted', frameCount: 0, problems: [] });
  expect((await read(whole.replace('"method":"tools/call"', '"method":"tools/CALL"'))).verdict).toMatchObject({
    state: 'damaged',
    problems: [{ message: expect.stringContaining('SHA-256') as unknown }],
  });
  expect((await read(whole + (lines[1] ?? ''))).verdict.state).toBe('damaged');
  expect((await read([lines[0], ...lines.slice(2)].join(''))).verdict.problems.map(problem => problem.message)).toEqual([
    'The end counts 5 frames, there are 4',
    'The lines are not those that were written: their SHA-256 differs',
  ]);
});

test('a newer version, a missing header and no tape at all are told apart; unknown lines are kept', async () => {
  const { lines } = await tapeOf(false);
  expect((await read((lines[0] ?? '').replace('"version":1', '"version":2'))).verdict.problems[0]?.message).toContain('version 2');
  expect((await read(lines.slice(1).join(''))).verdict.problems[0]).toEqual({ line: 1, message: 'The first line is no header' });
  expect((await read('')).verdict.problems[0]?.message).toContain('no tape');
  const { items } = await read(`${lines[0]}{"line":"note","text":"hello"}\n`);
  expect(items[1]).toEqual({ kind: 'other', value: { line: 'note', text: 'hello' } });
});

test('where chunks are cut does not matter, and no bytes make the reader throw', async () => {
  const { lines } = await tapeOf(true);
  const whole = lines.join('');
  await fc.assert(
    fc.asyncProperty(fc.integer({ min: 7, max: 3_000 }), async chunkBytes => {
      expect((await read(whole, chunkBytes)).verdict.state).toBe('whole');
    }),
    { numRuns: 8 },
  );
  const noise = fc.array(
    fc.oneof(fc.string({ unit: 'binary' }), fc.json(), fc.constantFrom(lines[0] ?? '', lines[1] ?? '', lines.at(-1) ?? '', '\n')),
    { maxLength: 8 },
  );
  await fc.assert(
    fc.asyncProperty(noise, async parts => {
      expect(['whole', 'interrupted', 'damaged']).toContain((await read(parts.join('\n'))).verdict.state);
    }),
    { numRuns: 100 },
  );
});
