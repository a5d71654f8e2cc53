import { hash } from 'node:crypto';
import { expect, test } from 'vitest';
import { aFrame, anExchange, aSession } from '../../../test/kit/store-kit.ts';
import { silentLogger, systemClock } from '../ports.ts';
import type { CommitReceipt, RecordBatch } from '../store/traffic-store.ts';
import { createRecorder, type Recorder, type RecorderLimits } from './recorder.ts';

/** A store that keeps what is committed, and fails or waits when told to. */
class FakeStore {
  readonly batches: RecordBatch[] = [];
  failure: Error | undefined;
  hold: Promise<void> | undefined;

  async commit(batch: RecordBatch): Promise<CommitReceipt> {
    await this.hold;
    if (this.failure !== undefined) throw this.failure;
    this.batches.push(batch);
    return { frameCount: batch.frames.length, insertedIds: [], updatedIds: [], sessionIds: [], committedSeq: {} };
  }

  get seqs(): number[] {
    return this.batches.flatMap(batch => batch.frames.map(frame => frame.seq));
  }
}

function recording(limits: Partial<RecorderLimits> = {}): { store: FakeStore; recorder: Recorder } {
  const store = new FakeStore();
  return {
    store,
    recorder: createRecorder({
      store,
      clock: systemClock,
      log: silentLogger,
      limits: { flushMs: 5, firstRetryMs: 5, lastRetryMs: 20, ...limits },
    }),
  };
}

function gate(): { wait: Promise<void>; open: () => void } {
  let open = (): void => {};
  const wait = new Promise<void>(resolve => {
    open = resolve;
  });
  return { wait, open };
}

test('records are committed in order within the flush time, the latest state of an exchange once', async () => {
  const { store, recorder } = recording();
  recorder.session(aSession());
  for (const seq of [1, 2, 3]) recorder.frame(aFrame({ seq }));
  recorder.exchange(anExchange({ status: 'pending' }));
  recorder.exchange(anExchange({ status: 'ok' }));

  await recorder.committed('s1', 3);

  expect(store.batches).toHaveLength(1);
  expect(store.seqs).toEqual([1, 2, 3]);
  expect(store.batches[0]).toMatchObject({ sessions: [{ id: 's1' }], exchanges: [{ status: 'ok' }] });
  expect(recorder.state()).toEqual({ isOn: true, queuedBytes: 0, droppedBodyCount: 0, unrecordedFrameCount: 0 });
});

test('what comes during a commit goes into the next one', async () => {
  const { store, recorder } = recording();
  const { wait, open } = gate();
  store.hold = wait;
  recorder.frame(aFrame({ seq: 1 }));
  const flushed = recorder.flush();
  recorder.frame(aFrame({ seq: 2 }));
  open();
  await flushed;
  await recorder.committed('s1', 2);
  expect(store.batches.map(batch => batch.frames.length)).toEqual([1, 1]);
});

test('a full queue makes connections wait a moment, then drops bodies but keeps row, size and hash', async () => {
  const { store, recorder } = recording({ maxQueuedBytes: 6_000, pressureMs: 30 });
  const { wait, open } = gate();
  store.hold = wait;
  const text = 'x'.repeat(1_500);
  recorder.frame(aFrame({ seq: 1, text }));
  expect(recorder.pressure()).toBeUndefined();
  recorder.frame(aFrame({ seq: 2, text }));

  const before = performance.now();
  await recorder.pressure();
  expect(performance.now() - before).toBeGreaterThan(20);
  for (const seq of [3, 4]) recorder.frame(aFrame({ seq, text }));
  expect(recorder.state()).toMatchObject({ droppedBodyCount: 2, unrecordedFrameCount: 0 });
  open();
  await recorder.committed('s1', 4);

  const frames = store.batches.flatMap(batch => batch.frames);
  expect(frames.map(frame => [frame.seq, frame.body.length, frame.sizeBytes, frame.flags])).toEqual([
    [1, 1500, 1500, []],
    [2, 1500, 1500, []],
    [3, 0, 1500, ['body-dropped']],
    [4, 0, 1500, ['body-dropped']],
  ]);
  expect(frames[3]?.contentHash).toBe(hash('sha256', text));
  expect(recorder.pressure()).toBeUndefined();
});

test('room waits until a commit made some, without a limit', async () => {
  const { store, recorder } = recording({ maxQueuedBytes: 1_000, pressureMs: 5 });
  const { wait, open } = gate();
  store.hold = wait;
  recorder.frame(aFrame({ seq: 1, text: 'x'.repeat(390) }));
  const order: string[] = [];
  const waiting = recorder.room()?.then(() => order.push('room'));
  await recorder.pressure();
  order.push('pressure');
  open();
  await waiting;
  expect(order).toEqual(['pressure', 'room']);
});

test('required: connections wait as long as it takes, also while commits fail', async () => {
  const { store, recorder } = recording({ maxQueuedBytes: 2_000, pressureMs: 5 });
  recorder.setRequired(true);
  store.failure = new Error('There is no room left');
  recorder.frame(aFrame({ seq: 1, text: 'x'.repeat(900) }));
  await expect.poll(() => recorder.state().problem).toBe('There is no room left');
  for (const seq of [2, 3]) recorder.frame(aFrame({ seq, text: 'x'.repeat(900) }));
  let hasPassed = false;
  const waiting = recorder.pressure()?.then(() => {
    hasPassed = true;
  });
  await new Promise(resolve => setTimeout(resolve, 60));
  expect(hasPassed).toBe(false);
  store.failure = undefined;
  await recorder.flush();
  await waiting;
  expect(hasPassed).toBe(true);
});

test('beyond the number of frames a frame is refused, counted, and never acknowledged', async () => {
  const { store, recorder } = recording({ maxQueuedFrames: 2 });
  const { wait, open } = gate();
  store.hold = wait;
  const acknowledged: unknown[] = [];
  recorder.onCommitted(({ committedSeq }) => acknowledged.push(committedSeq));
  for (const seq of [1, 2, 3]) recorder.frame(aFrame({ seq }));
  const lost = recorder.committed('s1', 3).catch((error: unknown) => String(error));
  open();
  await recorder.committed('s1', 2);
  recorder.frame(aFrame({ seq: 4 }));
  await recorder.flush();

  expect(await lost).toContain('was lost');
  expect(recorder.state().unrecordedFrameCount).toBe(1);
  expect(store.seqs).toEqual([1, 2, 4]);
  expect(acknowledged).toEqual([{ s1: 2 }]);

  // A shim that still has the frame sends it again, and what follows is settled.
  recorder.frame(aFrame({ seq: 3 }));
  recorder.frame(aFrame({ seq: 5 }));
  await recorder.committed('s1', 5);
  expect(acknowledged).toEqual([{ s1: 2 }, { s1: 5 }]);
});

test('while commits fail, traffic does not wait; recording resumes by itself and loses nothing', async () => {
  const { store, recorder } = recording({ maxQueuedBytes: 2_000 });
  store.failure = new Error('There is no room left');
  recorder.frame(aFrame({ seq: 1, text: 'x'.repeat(900) }));
  await expect.poll(() => recorder.state().problem).toBe('There is no room left');
  for (const seq of [2, 3, 4]) recorder.frame(aFrame({ seq, text: 'x'.repeat(900) }));
  expect(recorder.pressure()).toBeUndefined();
  expect(recorder.room()).toBeInstanceOf(Promise);

  store.failure = undefined;
  await recorder.committed('s1', 4);

  expect(store.seqs).toEqual([1, 2, 3, 4]);
  expect(recorder.state()).toMatchObject({ queuedBytes: 0, unrecordedFrameCount: 0 });
  expect(recorder.state().problem).toBeUndefined();
});

test('switched off, nothing is stored and nobody waits for it; switched on, the session is known', async () => {
  const { store, recorder } = recording();
  recorder.setOn(false);
  recorder.session(aSession());
  recorder.frame(aFrame({ seq: 1 }));
  recorder.exchange(anExchange());
  await recorder.committed('s1', 1);
  await recorder.flush();
  expect(store.batches).toEqual([]);
  expect(recorder.state()).toMatchObject({ isOn: false, unrecordedFrameCount: 1 });

  recorder.setOn(true);
  recorder.frame(aFrame({ seq: 2 }));
  await recorder.committed('s1', 2);
  expect(store.batches).toMatchObject([{ sessions: [{ id: 's1' }], frames: [{ seq: 2 }] }]);
});

test('closing commits what waits, and gives up when the store stays broken', async () => {
  const good = recording({ flushMs: 60_000 });
  good.recorder.frame(aFrame());
  await good.recorder.close();
  expect(good.store.seqs).toEqual([1]);
  good.recorder.frame(aFrame({ seq: 2 }));
  expect(good.recorder.state().unrecordedFrameCount).toBe(1);

  const bad = recording();
  bad.store.failure = new Error('read-only');
  bad.recorder.frame(aFrame());
  await bad.recorder.close(50);
  await expect.poll(() => bad.recorder.state().unrecordedFrameCount).toBe(1);
});

test('credentials are masked before anything is stored', async () => {
  const { store, recorder } = recording();
  recorder.session(aSession({ upstream: 'npx server --api-key abc123 --root /data' }));
  recorder.frame(
    aFrame({
      kind: 'http',
      http: {
        method: 'POST',
        path: '/token?code=xyz&scope=a',
        headers: [
          ['Content-Type', 'application/x-www-form-urlencoded'],
          ['Authorization', 'Basic c2VjcmV0'],
        ],
      },
      text: 'grant_type=authorization_code&code=SplxlOBe&client_secret=s3cr3t&redirect_uri=x',
    }),
  );
  await recorder.flush();

  const [batch] = store.batches;
  expect(batch?.sessions[0]?.upstream).toBe('npx server --api-key •••• --root /data');
  expect(batch?.frames[0]?.http).toEqual({
    method: 'POST',
    path: '/token?code=••••&scope=a',
    headers: [
      ['Content-Type', 'application/x-www-form-urlencoded'],
      ['Authorization', 'Basic •••• (8 chars)'],
    ],
  });
  expect(Buffer.from(batch?.frames[0]?.body ?? []).toString()).toBe(
    'grant_type=authorization_code&code=••••&client_secret=••••&redirect_uri=x',
  );
});

test('a record that cannot be read does not throw into traffic', () => {
  const { recorder } = recording();
  expect(() => recorder.frame({ ...aFrame(), http: { headers: null as never } })).not.toThrow();
  expect(recorder.state().unrecordedFrameCount).toBe(1);
});
