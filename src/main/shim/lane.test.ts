import { Writable } from 'node:stream';
import { expect, test } from 'vitest';
import { fc } from '../../../test/kit/properties.ts';
import { FrameLog } from './frame-log.ts';
import { Lane, passed, type HeldLine, type Ruling } from './lane.ts';
import { Outlet } from './outlet.ts';
import { Tap } from './tap.ts';
import { decodeFrame } from '../../shared/shim/frame-coding.ts';
import { messageHeadBytes } from '../../shared/shim/message-coding.ts';
import type { Spool } from './spool.ts';

/** A lane into memory, whose lines are judged by the test. */
class Rig {
  readonly waiting: HeldLine[] = [];
  isWatched = false;
  isOver = false;
  roomCount = 0;
  readonly lane: Lane;
  readonly #chunks: Buffer[] = [];
  readonly #log = new FrameLog({
    limits: { memoryBytes: 1e9, spoolBytes: 1e9, spoolAfterMs: 1e9 },
    openSpool: (): Spool => {
      throw new Error('not here');
    },
    onAdded: () => undefined,
  });

  constructor(maxLineBytes = 1_000) {
    this.#log.setOnline(true);
    const chunks = this.#chunks;
    const stream = new Writable({
      write(chunk: Buffer, _encoding, done) {
        chunks.push(Buffer.from(chunk));
        done();
      },
    });
    this.lane = new Lane({
      direction: 'fromClient',
      outlet: new Outlet(stream, () => undefined),
      tap: new Tap(this.#log, error => {
        throw error;
      }),
      maxLineBytes,
      isWatched: () => this.isWatched,
      judge: line => {
        this.waiting.push(line);
        return undefined;
      },
      onSwitched: () => undefined,
      onRoom: () => (this.roomCount += 1),
    });
  }

  get out(): string {
    return Buffer.concat(this.#chunks).toString();
  }

  /** Lines as they were noted, and what was delivered instead. */
  get noted(): { body: string; delivered: string | undefined }[] {
    return this.#log.after(0).map(({ parts }) => {
      const frame = decodeFrame(Buffer.concat(parts).subarray(messageHeadBytes));
      const delivered = frame?.delivered;
      return {
        body: Buffer.from(frame?.body ?? []).toString(),
        delivered: delivered === undefined ? undefined : Buffer.from(delivered).toString(),
      };
    });
  }

  write(text: string): void {
    this.lane.chunk(Buffer.from(text));
  }

  rule(index: number, ruling: Ruling): void {
    this.lane.rule(this.waiting[index] as HeldLine, ruling);
  }
}

test('lines go out in the order they came in, whatever order their rulings have', () => {
  const rig = new Rig();
  rig.isWatched = true;
  rig.write('one\ntwo\nthr');
  rig.write('ee\nfour\n');
  rig.rule(2, passed);
  rig.rule(1, { forward: 'nothing' });
  expect(rig.out).toBe('');
  rig.rule(0, { forward: Buffer.from('1') });
  expect(rig.out).toBe('1\nthree\n');
  rig.rule(3, passed);
  expect(rig.out).toBe('1\nthree\nfour\n');
  expect(rig.noted).toEqual([
    { body: 'one', delivered: '1' },
    { body: 'two', delivered: undefined },
    { body: 'three', delivered: undefined },
    { body: 'four', delivered: undefined },
  ]);
});

test('however bytes are cut, watching begins and ends, and rulings come: what goes out is what came in, line by line, once', () => {
  const steps = fc.array(
    fc.oneof(
      fc.record({ do: fc.constant('write' as const), text: fc.constantFrom('a', 'bc\n', '\n', 'd\ne', 'ä\r\n', 'xyz', '{}\n{}\n') }),
      fc.record({ do: fc.constant('watch' as const), isOn: fc.boolean() }),
      fc.record({ do: fc.constant('rule' as const), pick: fc.nat(5) }),
      fc.record({ do: fc.constant('insert' as const) }),
    ),
    { maxLength: 60 },
  );
  fc.assert(
    fc.property(steps, list => {
      const rig = new Rig();
      let sent = '';
      let ownCount = 0;
      for (const step of list) {
        if (step.do === 'write') {
          rig.write(step.text);
          sent += step.text;
        } else if (step.do === 'watch') {
          rig.isWatched = step.isOn;
          rig.lane.steer();
        } else if (step.do === 'insert') {
          ownCount += 1;
          rig.lane.insert([Buffer.from(`OWN${ownCount}`)], { flags: ['own-error'] });
        } else {
          const open = rig.waiting.filter(({ ruling }) => ruling === undefined);
          const line = open[step.pick % Math.max(1, open.length)];
          if (line !== undefined) rig.lane.rule(line, passed);
        }
      }
      rig.lane.ended(() => (rig.isOver = true));
      for (const line of rig.waiting) rig.lane.rule(line, passed);
      expect(rig.isOver).toBe(true);
      // Whole lines of our own stand between lines, never within one; at the very end there may be a line feed before them.
      const withoutOwn = rig.out.replaceAll(/^OWN\d+\n/gm, '');
      expect([sent, `${sent}\n`]).toContain(withoutOwn);
      expect(rig.out.match(/^OWN\d+$/gm)?.length ?? 0).toBe(ownCount);
      const texts = rig.noted.map(({ body }) => body).filter(body => !body.startsWith('OWN'));
      const lines = sent.split('\n');
      expect(texts).toEqual(lines.at(-1) === '' ? lines.slice(0, -1) : lines);
    }),
    { numRuns: 500 },
  );
});

test('a line of our own waits for the end of one that is being streamed', () => {
  const rig = new Rig();
  rig.write('{"half":');
  rig.lane.insert([Buffer.from('own')], { flags: ['own-error'] });
  expect(rig.out).toBe('{"half":');
  rig.write('1}\nnext\n');
  expect(rig.out).toBe('{"half":1}\nown\nnext\n');
});

test('with too many lines waiting the lane is full, and says when there is room', () => {
  const rig = new Rig();
  rig.isWatched = true;
  rig.write('x\n'.repeat(1_001));
  expect(rig.lane.isFull).toBe(true);
  rig.rule(0, passed);
  expect(rig.lane.isFull).toBe(false);
  expect(rig.roomCount).toBe(1);
});

test('a line that is too long is not kept; its size and what it is about are known', () => {
  const rig = new Rig(100);
  rig.isWatched = true;
  rig.write(`{"id":"a","method":"m","pad":"${'p'.repeat(500)}"}\nnext\n`);
  expect(rig.waiting[0]).toMatchObject({ isTooLong: true, whole: { sizeBytes: 532, whole: { facts: { idText: '"a"', method: 'm' } } } });
  rig.rule(0, { forward: 'nothing' });
  rig.rule(1, passed);
  expect(rig.out).toBe('next\n');
});

test('what waits when nobody takes it any more is noted and goes nowhere', () => {
  const rig = new Rig();
  rig.isWatched = true;
  rig.write('one\ntw');
  rig.lane.abandon({ flags: ['refused'] });
  expect(rig.out).toBe('');
  expect(rig.noted.map(({ body }) => body)).toEqual(['one', 'tw']);
});
