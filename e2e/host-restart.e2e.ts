/** The host of a browser tab dies and comes back: the last state stays readable, and the tab goes on by itself. */
import { once } from 'node:events';
import { rmSync } from 'node:fs';
import { createInterface } from 'node:readline';
import { chromium } from 'playwright';
import { browserFlags, findBrowser } from '../scripts/find-browser.mjs';
import { expect, test } from './harness/hosts.ts';
import { freshDataDir, spawnCli } from './harness/project.ts';
import { wrapEcho } from './traffic.ts';
import { row } from './window-page.ts';

async function serve(dataDir: string, port: string) {
  const child = spawnCli(dataDir, ['serve', '--json', '--port', port]);
  child.stderr.resume();
  const [line] = (await once(createInterface({ input: child.stdout }), 'line', { signal: AbortSignal.timeout(20_000) })) as [string];
  return { child, uiUrl: (JSON.parse(line) as { uiUrl: string }).uiUrl };
}

test('a tab survives its host', async ({ host }) => {
  test.skip(host === 'desktop', 'The desktop window lives and dies with its host.');
  test.setTimeout(90_000);
  const dataDir = freshDataDir();
  const executablePath = findBrowser();
  const browser = await chromium.launch({ args: browserFlags(), ...(executablePath === undefined ? {} : { executablePath }) });
  let running = await serve(dataDir, '0');
  try {
    const context = await browser.newContext();
    const page = await context.newPage();
    await page.goto(running.uiUrl);
    await expect(page).not.toHaveURL(/token=/);
    const echo = await wrapEcho(dataDir);
    await echo.send(20);
    await echo.close();
    await expect(row(page, 'tool_').last()).toBeVisible();

    running.child.kill('SIGKILL');
    await once(running.child, 'close');
    await expect(page.getByRole('alert')).toContainText('The host cannot be reached');
    await expect(row(page, 'tool_').last()).toBeVisible();

    running = await serve(dataDir, new URL(running.uiUrl).port);
    // The new host does not know the old cookie; any tab that opens its address signs the browser in again.
    const other = await context.newPage();
    await other.goto(running.uiUrl);
    await expect(row(other, 'tool_').last()).toBeVisible();
    await other.close();
    await expect(page.getByRole('alert')).toHaveCount(0, { timeout: 20_000 });
    await expect(row(page, 'tool_').last()).toBeVisible();
  } finally {
    await browser.close();
    running.child.kill('SIGTERM');
    if (running.child.exitCode === null) await once(running.child, 'close');
    rmSync(dataDir, { recursive: true, force: true });
  }
});

test('a window without a sign-in says what to do', async ({ host, app, page }) => {
  test.skip(host === 'desktop', 'The desktop window needs no sign-in.');
  const stranger = await page.context().browser()?.newContext();
  if (stranger === undefined) throw new Error('The page belongs to no browser');
  const tab = await stranger.newPage();
  await tab.goto(new URL('/', page.url()).href);
  await expect(tab.getByRole('heading', { name: 'Open the address again that the host printed' })).toBeVisible();
  await stranger.close();
  expect(app.kind).toBe('headless');
});
