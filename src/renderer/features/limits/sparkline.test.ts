import { expect, test } from 'vitest';
import { aBreaker } from '../../../../test/kit/gateway-states.ts';
import { sparkline } from './sparkline.ts';

test('a bucket is a step as high as its share of failures, and marked where it had calls', () => {
  const buckets = [
    { calls: 0, failures: 0 },
    { calls: 4, failures: 0 },
    { calls: 4, failures: 2 },
    { calls: 1, failures: 1 },
  ];
  const drawn = sparkline(aBreaker({ buckets, threshold: 0.5 }));
  expect(drawn.line).toBe('M0 51L75 51L75 51L150 51L150 27L225 27L225 3L300 3');
  expect(drawn.area).toBe(`${drawn.line}L300 51L0 51Z`);
  expect(drawn.marks).toEqual([
    { x: 77, width: 71 },
    { x: 152, width: 71 },
    { x: 227, width: 71 },
  ]);
  expect(drawn).toMatchObject({ thresholdY: 27, callCount: 9, failureCount: 3, isOver: true });
});

test('without calls nothing is over, whatever the threshold', () => {
  expect(sparkline(aBreaker({ threshold: 0 }))).toMatchObject({ isOver: false, callCount: 0, marks: [] });
  expect(sparkline(aBreaker({ buckets: [] }))).toMatchObject({ line: '', area: '', marks: [] });
});
