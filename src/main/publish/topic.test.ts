import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { Throttle } from './topic.ts';

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

test('acts at once, then at most once per interval, and never forgets the last request', async () => {
  let runs = 0;
  const throttle = new Throttle(100, () => void (runs += 1));
  for (let at = 0; at < 250; at += 10) {
    throttle.request();
    await vi.advanceTimersByTimeAsync(10);
  }
  expect(runs).toBe(3);
  await vi.advanceTimersByTimeAsync(200);
  expect(runs).toBe(4);
  await vi.advanceTimersByTimeAsync(1000);
  expect(runs).toBe(4);
});

test('waits for a slow run instead of doubling it, and stops for good', async () => {
  let running = 0;
  let most = 0;
  let runs = 0;
  const throttle = new Throttle(10, async () => {
    runs += 1;
    most = Math.max(most, (running += 1));
    await new Promise(resolve => setTimeout(resolve, 500));
    running -= 1;
  });
  for (let at = 0; at < 1200; at += 100) {
    throttle.request();
    await vi.advanceTimersByTimeAsync(100);
  }
  expect([most, runs]).toEqual([1, 3]);
  throttle.stop();
  throttle.request();
  await vi.advanceTimersByTimeAsync(2000);
  expect(runs).toBe(3);
});
