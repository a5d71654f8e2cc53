/** The window under load: 100,000 recorded frames to scroll through, and a burst of 2,000 messages a second. Frame times are reported. */
import { expect, test } from './harness/hosts.ts';
import { wrapEcho } from './traffic.ts';
import { frameTimes, goTo, grid, rowCount, rows, type FrameTimes } from './window-page.ts';

/** A frame may take this long in the median: 60 a second, with the room that two shared cores need. */
const MEDIAN_MS = 17.5;

/** Others on the machine only ever add to a frame, so the quietest of a few rounds is the window's own. */
const ROUNDS = 5;

test.describe.configure({ mode: 'serial' });

async function quietest(limitMs: number, round: () => Promise<FrameTimes>): Promise<FrameTimes> {
  let best = await round();
  for (let at = 1; at < ROUNDS && best.p50Ms >= limitMs; at += 1) {
    const next = await round();
    if (next.p50Ms < best.p50Ms) best = next;
  }
  return best;
}

function report(what: string, times: FrameTimes): void {
  process.stdout.write(
    `${what}: ${times.frames} frames, p50 ${times.p50Ms} ms, p95 ${times.p95Ms} ms, p99 ${times.p99Ms} ms, longest ${times.maxMs} ms\n`,
  );
  test.info().annotations.push({ type: 'frame times', description: `${what}: ${JSON.stringify(times)}` });
}

test('100,000 recorded frames scroll at the pace of the screen', async ({ app, page }) => {
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

  const wheel = await quietest(MEDIAN_MS, () => frameTimes(page, 4_000, 'wheel'));
  report('scrolling', wheel);
  const jump = await quietest(MEDIAN_MS * 2, () => frameTimes(page, 4_000, 'jump'));
  report('throwing the scroll bar about', jump);

  expect(wheel.p50Ms).toBeLessThan(MEDIAN_MS);
  expect(jump.p50Ms).toBeLessThan(MEDIAN_MS * 2);
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
  try {
    // A call and its answer are two messages.
    const burst = echo.sendPaced(1_000, 25_000);
    const times = await quietest(MEDIAN_MS * 2, () => frameTimes(page, 4_000, 'none'));
    const pressedAt = Date.now();
    await page.keyboard.press('?');
    await expect(page.getByRole('dialog', { name: 'All keys' })).toBeVisible();
    const answeredMs = Date.now() - pressedAt;
    await page.keyboard.press('Escape');
    await burst;
    report(`burst of 2,000 messages/s (a key was answered in ${answeredMs} ms)`, times);
    expect(times.p50Ms).toBeLessThan(MEDIAN_MS * 2);
    expect(answeredMs).toBeLessThan(1_000);
  } finally {
    await echo.close();
  }
  await expect.poll(() => rowCount(page), { timeout: 30_000 }).toBeGreaterThanOrEqual(before + 5_000);
});
