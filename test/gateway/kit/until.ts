/** Waiting for what a process does in its own time. */
import { setTimeout as sleep } from 'node:timers/promises';

export { sleep };

/** Asks every few milliseconds until `read` gives something else than `undefined` or `false`, and gives that; fails after `limitMs`, saying what was awaited. */
export async function until<T>(
  what: string,
  read: () => T | Promise<T>,
  limitMs = 15_000,
): Promise<Exclude<Awaited<T>, undefined | false>> {
  const startedAt = performance.now();
  for (;;) {
    const found = await read();
    if (found !== undefined && found !== false) return found as Exclude<Awaited<T>, undefined | false>;
    if (performance.now() - startedAt > limitMs) throw new Error(`Not within ${limitMs} ms: ${what}`);
    await sleep(25);
  }
}
