/** Following the end: only at the end, counted from where it stopped. */
import { expect, test } from 'vitest';
import { afterNewView, afterUserScroll, following, newCount, toggled } from './follow.ts';

test('scrolling away stops following and counts what comes', () => {
  const away = afterUserScroll(following, false, 100);
  expect(away.isFollowing).toBe(false);
  expect(newCount(away, 100)).toBe(0);
  expect(newCount(away, 228)).toBe(128);
});

test('scrolling further away does not restart the count', () => {
  const away = afterUserScroll(following, false, 100);
  expect(newCount(afterUserScroll(away, false, 150), 160)).toBe(60);
});

test('reaching the end follows again', () => {
  const back = afterUserScroll(afterUserScroll(following, false, 100), true, 200);
  expect(back.isFollowing).toBe(true);
  expect(newCount(back, 300)).toBe(0);
});

test('f toggles', () => {
  const off = toggled(following, 10);
  expect(off).toEqual({ isFollowing: false, seenCount: 10 });
  expect(toggled(off, 30).isFollowing).toBe(true);
});

test('fewer rows than before are not a negative count', () => {
  expect(newCount({ isFollowing: false, seenCount: 50 }, 20)).toBe(0);
  expect(newCount(afterNewView({ isFollowing: false, seenCount: 50 }, 20), 25)).toBe(5);
});
