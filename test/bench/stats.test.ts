import { describe, expect, test } from 'vitest';
import { addedOver, median, orderOfRound, percentile, ratioTo, spread } from '../../bench/stats.ts';

describe('percentiles', () => {
  test('are values that occurred, by nearest rank', () => {
    const values = [5, 1, 4, 2, 3];
    expect([0, 0.2, 0.5, 0.99, 1].map(share => percentile(values, share))).toEqual([1, 1, 3, 5, 5]);
  });

  test('p99 of a hundred values is the second largest, not the largest', () => {
    expect(
      percentile(
        Array.from({ length: 100 }, (_, index) => index + 1),
        0.99,
      ),
    ).toBe(99);
  });

  test('sort numbers as numbers and leave the input alone', () => {
    const values = [10, 9, 100];
    expect(percentile(values, 0.5)).toBe(10);
    expect(values).toEqual([10, 9, 100]);
  });

  test('of nothing are not a number, so that nothing measured never looks like zero', () => {
    expect([percentile([], 0.5), median([]), addedOver([], [1]), ratioTo([1], [])]).toEqual([NaN, NaN, NaN, NaN]);
  });
});

describe('medians', () => {
  test('take the middle, or the mean of the two in the middle', () => {
    expect([median([3, 1, 2]), median([4, 1, 3, 2])]).toEqual([2, 2.5]);
  });

  test('spread is half the distance of the quartiles against the median', () => {
    expect(spread([10, 10, 10, 10])).toBe(0);
    expect(spread([80, 90, 100, 110, 120])).toBeCloseTo(0.1);
  });
});

describe('comparisons', () => {
  test('pair the rounds, so that a slow round of the machine does not count as the hop’s', () => {
    // The third round is slow for both; medians of each side alone would say 60 - 20 = 40.
    expect(addedOver([10, 20, 500], [60, 50, 550])).toBe(50);
    expect(ratioTo([100, 10, 1_000], [50, 5, 250])).toBe(0.5);
  });

  test('use only rounds that both sides finished', () => {
    expect(addedOver([10, 10, 10], [15])).toBe(5);
  });

  test('each hop comes first once, and each round measures all', () => {
    const rounds = [0, 1, 2, 3].map(round => orderOfRound(['a', 'b', 'c'], round).join(''));
    expect(rounds).toEqual(['abc', 'bca', 'cab', 'abc']);
    expect(orderOfRound([], 3)).toEqual([]);
  });
});
