/** How the specs speak of the window: by roles and names, as a person with a screen reader finds things. */
import type { Locator, Page } from '@playwright/test';

export const grid = (page: Page): Locator => page.getByRole('grid', { name: 'Exchanges' });
/** Rows with content; placeholders and the head are none. */
export const rows = (page: Page): Locator => grid(page).locator('[role=row][aria-selected]');
export const row = (page: Page, text: string | RegExp): Locator => rows(page).filter({ hasText: text });
export const detail = (page: Page): Locator => page.getByRole('region', { name: 'Detail' });
export const filterField = (page: Page): Locator => page.getByRole('combobox', { name: 'Filter rows' });

/** Waits until the table knows at least this many rows. */
export async function rowCount(page: Page): Promise<number> {
  return Number(await grid(page).getAttribute('aria-rowcount')) - 1;
}

export async function goTo(page: Page, name: 'Live' | 'Sessions' | 'Policies' | 'Limits' | 'Settings'): Promise<void> {
  await page.getByRole('navigation', { name: 'Pages' }).getByRole('button', { name }).click();
}

export async function clearFilter(page: Page): Promise<void> {
  const clear = page.getByRole('button', { name: 'Clear the filter' });
  if ((await clear.count()) > 0) await clear.first().click();
}

export interface FrameTimes {
  readonly frames: number;
  readonly p50Ms: number;
  readonly p95Ms: number;
  readonly p99Ms: number;
  readonly maxMs: number;
  /** Processor time of the window's main thread per drawn frame. Others on the machine lengthen a frame, hardly this. */
  readonly mainThreadMs: number;
}

/** Times between drawn frames while the table is driven: left alone, scrolled steadily, or thrown about. */
export async function frameTimes(page: Page, forMs: number, drive: 'none' | 'wheel' | 'jump'): Promise<FrameTimes> {
  const session = await page.context().newCDPSession(page);
  await session.send('Performance.enable', { timeDomain: 'threadTicks' });
  const spentMs = async () => {
    const { metrics } = await session.send('Performance.getMetrics');
    return (metrics.find(metric => metric.name === 'TaskDuration')?.value ?? Number.NaN) * 1000;
  };
  const before = await spentMs();
  const times = await grid(page).evaluate(
    (element, wish) =>
      new Promise<number[]>(done => {
        const seen: number[] = [];
        let last = performance.now();
        const end = last + wish.forMs;
        const frame = (now: number) => {
          seen.push(now - last);
          last = now;
          if (wish.drive === 'wheel') element.scrollTop -= 60;
          if (wish.drive === 'jump') element.scrollTop = Math.random() * element.scrollHeight;
          if (now < end) requestAnimationFrame(frame);
          else done(seen);
        };
        requestAnimationFrame(frame);
      }),
    { forMs, drive },
  );
  const mainThreadMs = round(((await spentMs()) - before) / times.length);
  await session.detach();
  const sorted = times.toSorted((a, b) => a - b);
  const at = (part: number) => round(sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * part))] ?? 0);
  return { frames: sorted.length, p50Ms: at(0.5), p95Ms: at(0.95), p99Ms: at(0.99), maxMs: at(1), mainThreadMs };
}

function round(ms: number): number {
  return Math.round(ms * 10) / 10;
}
