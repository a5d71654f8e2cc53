/**
 * The window under load: 100,000 recorded frames to scroll through, and a burst of 2,000 messages a second.
 * What a frame takes depends on who else uses the processors, so frame times are reported, and the processor time behind a frame is what must hold.
 */
import { expect, test } from './harness/hosts.ts';
import { wrapEcho } from './traffic.ts';
import { frameTimes, goTo, grid, rowCount, rows, type FrameTimes } from './window-page.ts';

/** Main thread per frame scrolled by two rows: about 5 ms of 16.7 on two slow cores without a GPU, and twice that is allowed. */
const SCROLLED_MS = 10;
/** Main thread per frame in which the scroll bar is thrown somewhere else, so that every row is new. */
const THROWN_MS = 35;
/** In a burst the window may miss frames, but no longer than a person takes to notice that it hangs. */
const FROZEN_MS = 500;
const KEY_ANSWERED_MS = 1_000;

/** Others on the machine only ever add, so the quietest of a few rounds is the window's own. */
const ROUNDS = 5;

// The trace takes pictures of every frame, which costs more than the frame.
test.use({ trace: 'off' });
test.describe.configure({ mode: 'serial' });

type Figure = 'mainThreadMs' | 'maxMs';

/** Measures until a round stays under the limit, at most five times; all rounds are reported, the best is returned. */
async function bestOf(what: string, figure: Figure, limitMs: number, measure: () => Promise<FrameTimes>): Promise<number> {
  const seen: number[] = [];
  while (seen.length < ROUNDS && !(Math.min(...seen) < limitMs)) {
    const times = await measure();
    seen.push(times[figure]);
    process.stdout.write(
      `${what}: ${times.frames} frames, p50 ${times.p50Ms} ms, p95 ${times.p95Ms} ms, longest ${times.maxMs} ms; main thread ${times.mainThreadMs} ms a frame\n`,
    );
    test.info().annotations.push({ type: 'frame times', description: `${what}: ${JSON.stringify(times)}` });
  }
  return Math.min(...seen);
}

test('100,000 recorded frames scroll with time to spare in each frame', async ({ app, page }) => {
  test.setTimeout(180_000);
  const echo = await wrapEcho(app.dataDir);
  try {
    await echo.send(50_000);
  } finally {
    await echo.close();
  }
  await goTo(page, 'Live');
  await expect.poll(() => rowCount(page), { timeout: 60_000 }).toBeGreaterThanOrEqual(50_000);
  await expect(rows(page).last()).toBeVisible();

  const scrolled = await bestOf('scrolling', 'mainThreadMs', SCROLLED_MS, () => frameTimes(page, 4_000, 'wheel'));
  expect(scrolled).toBeLessThan(SCROLLED_MS);
  const thrown = await bestOf('throwing the scroll bar about', 'mainThreadMs', THROWN_MS, () => frameTimes(page, 4_000, 'jump'));
  expect(thrown).toBeLessThan(THROWN_MS);
  // Rows held by the page do not grow with what is stored.
  expect(await grid(page).getByRole('row').count()).toBeLessThan(120);
});

test('the middle and both ends of a long list are reached', async ({ page }) => {
  const last = await rowCount(page);
  await grid(page).focus();
  await page.keyboard.press('g');
  await expect(grid(page).locator('[aria-selected=true]')).toHaveAttribute('aria-rowindex', '2');
  await grid(page).evaluate(element => (element.scrollTop = element.scrollHeight / 2));
  await expect.poll(async () => Number(await rows(page).first().getAttribute('aria-rowindex'))).toBeGreaterThan(last * 0.4);
  await page.keyboard.press('Shift+G');
  await expect(grid(page).locator('[aria-selected=true]')).toHaveAttribute('aria-rowindex', String(last + 1));
});

test('a burst of 2,000 messages a second leaves the window responsive', async ({ app, page }) => {
  test.setTimeout(120_000);
  const echo = await wrapEcho(app.dataDir);
  const before = await rowCount(page);
  let sentCount = 0;
  try {
    // A call and its answer are two messages.
    const measured = new AbortController();
    const burst = echo.sendPaced(1_000, { maxMs: 40_000, until: measured.signal });
    const longest = await bestOf('burst of 2,000 messages/s', 'maxMs', FROZEN_MS, () => frameTimes(page, 4_000, 'none'));
    let answeredMs = Infinity;
    for (let round = 0; round < 3 && answeredMs >= KEY_ANSWERED_MS; round += 1) {
      const pressedAt = Date.now();
      await page.keyboard.press('?');
      await expect(page.getByRole('dialog', { name: 'All keys' })).toBeVisible();
      answeredMs = Math.min(answeredMs, Date.now() - pressedAt);
      await page.keyboard.press('Escape');
      await expect(page.getByRole('dialog', { name: 'All keys' })).toHaveCount(0);
    }
    measured.abort();
    sentCount = await burst;
    process.stdout.write(`burst of 2,000 messages/s: a key was answered in ${answeredMs} ms\n`);
    test.info().annotations.push({ type: 'key answered', description: `${answeredMs} ms` });
    expect(longest).toBeLessThan(FROZEN_MS);
    expect(answeredMs).toBeLessThan(KEY_ANSWERED_MS);
  } finally {
    await echo.close();
  }
  await expect.poll(() => rowCount(page), { timeout: 30_000 }).toBeGreaterThanOrEqual(before + sentCount);
  // It was a burst, over as long as one round of measuring takes.
  expect(sentCount).toBeGreaterThan(3_000);
});
