/** Scroll arithmetic: exact for short lists, complete for lists longer than a browser can lay out. */
import { describe, expect, test } from 'vitest';
import { afterScroll, aimAt, MAX_HEIGHT, scrollWindow, rowsInSight } from './scroll-window.ts';

const million = scrollWindow(1_000_000, 34, 600);

describe('a list that fits', () => {
  const short = scrollWindow(1000, 28, 600);

  test('scrolls as it is', () => {
    expect(short.pageHeight).toBe(28_000);
    expect(afterScroll(short, 1234, 0)).toEqual({ offset: 1234, shift: 0 });
    expect(aimAt(short, 99_999)).toEqual({ pageOffset: 27_400, shift: 0 });
  });
});

describe('a million rows', () => {
  test('stay under the height that browsers can lay out', () => {
    expect(million.listHeight).toBe(34_000_000);
    expect(million.pageHeight).toBe(MAX_HEIGHT);
  });

  test('a jump of the scroll bar reaches both ends', () => {
    const pageEnd = MAX_HEIGHT - 600;
    expect(afterScroll(million, pageEnd, 0).offset).toBe(34_000_000 - 600);
    expect(afterScroll({ ...million, shift: 20_000_000 }, 0, pageEnd).offset).toBe(0);
  });

  test('the middle of the bar is the middle of the list', () => {
    const { offset } = afterScroll(million, (MAX_HEIGHT - 600) / 2, 0);
    expect(offset / (34_000_000 - 600)).toBeCloseTo(0.5, 5);
  });

  test('the wheel moves pixel by pixel', () => {
    const start = aimAt(million, 12_345_678);
    const here = { ...million, shift: start.shift };
    const after = afterScroll(here, start.pageOffset + 120, start.pageOffset);
    expect(after.offset).toBe(12_345_798);
  });

  test('aiming and scrolling agree everywhere', () => {
    for (const row of [0, 1, 500_000, 999_000, 999_999]) {
      const aim = aimAt(million, row * 34);
      expect(aim.pageOffset).toBeGreaterThanOrEqual(0);
      expect(aim.pageOffset).toBeLessThanOrEqual(MAX_HEIGHT - 600);
      expect(aim.pageOffset + aim.shift).toBe(Math.min(row * 34, 34_000_000 - 600));
    }
  });
});

test('rows in sight are always drawn, and a small move draws nothing new', () => {
  const at = (offset: number) => rowsInSight(offset, 28, 700, 100_000);
  for (const offset of [0, 1, 27, 28, 111, 112, 113, 2_799_300]) {
    const { first, last } = at(offset);
    expect(first).toBeLessThanOrEqual(Math.floor(offset / 28));
    expect(last).toBeGreaterThanOrEqual(Math.min(100_000, Math.ceil((offset + 700) / 28)));
    expect(last - first).toBeLessThan(45);
  }
  expect(at(1_121)).toEqual(at(1_130));
  expect(rowsInSight(0, 28, 700, 3)).toEqual({ first: 0, last: 3 });
});
