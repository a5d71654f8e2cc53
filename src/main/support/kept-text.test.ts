import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { expect, test } from 'vitest';
import { keptKey, keptText } from './kept-text.ts';

test('what is short stays as it is, what is long is cut, and as a key told apart all the same', () => {
  const short = 'ä'.repeat(200);
  expect([keptText(short), keptKey(short), keptText('')]).toEqual([short, short, '']);
  const [one, other] = [`${short}x`, `${short}y`];
  expect([keptText(one), keptText(other)]).toEqual([short, short]);
  expect([keptKey(one).length, keptKey(one) === keptKey(other), keptKey(one)]).toEqual([71, false, keptKey(one)]);
});

test('the beginning of a long text does not keep the rest', () => {
  setFlagsFromString('--expose-gc');
  const collect = runInNewContext('gc') as () => void;
  collect();
  const before = process.memoryUsage().heapUsed;
  const kept = Array.from({ length: 30 }, (_, at) => keptText(`${at} of many `.repeat(400_000)));
  collect();
  // Some 150 MB of text went by.
  expect(process.memoryUsage().heapUsed - before).toBeLessThan(30_000_000);
  expect(kept[29]?.slice(0, 11)).toBe('29 of many ');
});
