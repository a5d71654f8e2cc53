/** The delay of a loop that is really blocked. */
import { expect, test } from 'vitest';
import { eventLoopMonitor } from './event-loop-delay.ts';

const pause = (ms: number) => new Promise(resolve => setTimeout(resolve, ms));

test('a blocked loop shows, and is forgotten after its window', async () => {
  const monitor = eventLoopMonitor(200);
  try {
    await pause(50);
    const end = performance.now() + 400;
    while (performance.now() < end);
    await pause(30);
    expect(monitor.delays().maxMs).toBeGreaterThan(300);
    // A busy machine blocks it, too, but not for as long.
    await expect.poll(() => monitor.delays().maxMs).toBeLessThan(300);
  } finally {
    monitor.close();
  }
});
