/** The whole window without a pointer. */
import { expect, test } from './harness/hosts.ts';
import { connectClient, openProxy, startServer } from './traffic.ts';
import { detail, filterField, grid, rows } from './window-page.ts';

let server: Awaited<ReturnType<typeof startServer>>;
let proxy: Awaited<ReturnType<typeof openProxy>> | undefined;

test.beforeEach(async ({ app, page }) => {
  if (proxy === undefined) {
    server = await startServer();
    proxy = await openProxy(app.dataDir, server.url);
    const client = await connectClient(proxy.url);
    for (let at = 0; at < 50; at += 1) await client.call(at === 20 ? 'fail' : 'echo', { text: String(at) }).answered;
  }
  await expect(rows(page).first()).toBeVisible();
});

test.afterAll(async () => {
  await proxy?.close();
  await server?.close();
});

test('rows: ends, steps, errors, open and back', async ({ page }) => {
  const selected = grid(page).locator('[aria-selected=true]');
  await page.keyboard.press('g');
  await expect(selected).toHaveAttribute('aria-rowindex', '2');
  await page.keyboard.press('j');
  await page.keyboard.press('j');
  await page.keyboard.press('k');
  await expect(selected).toHaveAttribute('aria-rowindex', '3');
  await expect(grid(page)).toHaveAttribute('aria-activedescendant', (await selected.getAttribute('id')) ?? '');

  await page.keyboard.press('n');
  await expect(selected).toContainText('fail');
  await page.keyboard.press('Enter');
  await expect(detail(page)).toContainText('The tool failed');
  for (const [key, tab] of [
    ['2', 'Raw'],
    ['3', 'Headers'],
    ['4', 'Timing'],
    ['5', 'Related'],
    ['1', 'Tree'],
  ] as const) {
    await page.keyboard.press(key);
    await expect(page.getByRole('tab', { name: tab })).toHaveAttribute('aria-selected', 'true');
  }
  await page.keyboard.press('Escape');
  await expect(detail(page)).toHaveCount(0);

  await page.keyboard.press('Shift+G');
  await expect(selected).toHaveAttribute('aria-rowindex', (await grid(page).getAttribute('aria-rowcount')) ?? '');
  await page.keyboard.press('n');
  await expect(page.getByText('No error after this row.')).toBeVisible();
});

test('filter, pages, palette, cheat sheet', async ({ page }) => {
  await page.keyboard.press('/');
  await expect(filterField(page)).toBeFocused();
  await page.keyboard.type('tool:fail ');
  await expect(rows(page)).toHaveCount(1);
  await page.keyboard.press('Backspace');
  await expect(filterField(page)).toHaveValue('tool:fail');
  await filterField(page).fill('');
  await page.keyboard.press('Escape');

  await page.keyboard.press('Shift+Slash');
  await expect(page.getByRole('dialog', { name: 'All keys' })).toBeVisible();
  await page.keyboard.press('Escape');

  await page.keyboard.press('ControlOrMeta+k');
  await page.keyboard.type('sessions');
  await page.keyboard.press('Enter');
  await expect(page.getByRole('heading', { name: 'Sessions' })).toBeVisible();
  await page.keyboard.press('j');
  await page.keyboard.press('Enter');
  await expect(page.getByRole('button', { name: 'Leave this session' })).toBeVisible();
  await page.keyboard.press('ControlOrMeta+4');
  await expect(page.getByRole('heading', { name: 'Limits and upstreams' })).toBeVisible();
  await page.keyboard.press('ControlOrMeta+5');
  await expect(page.getByRole('heading', { name: 'Settings' })).toBeVisible();
  await page.keyboard.press('ControlOrMeta+1');
});

test('the time format turns round, and pausing works by Space', async ({ page }) => {
  const time = rows(page).first().locator('.c-time');
  await page.keyboard.press('t');
  await expect(time).toContainText('ago');
  await page.keyboard.press('t');
  await page.keyboard.press('t');
  await expect(time).toHaveText(/\d\d:\d\d:\d\d\.\d{3}/);
  await page.keyboard.press('Space');
  await expect(page.getByRole('button', { name: 'Resume view' })).toBeVisible();
  await page.keyboard.press('Space');
});

test('Tab reaches every part in the order it is read', async ({ page }) => {
  await page.evaluate(() => (document.activeElement as HTMLElement | null)?.blur());
  const seen: string[] = [];
  for (let step = 0; step < 40; step += 1) {
    await page.keyboard.press('Tab');
    const name = await page.evaluate(() => {
      const at = document.activeElement;
      return at?.getAttribute('aria-label') ?? at?.textContent ?? '';
    });
    if (seen.at(-1) !== name) seen.push(name);
  }
  const places = ['Recording', 'Sessions', 'Filter rows', 'Exchanges'].map(name => seen.findIndex(one => one.includes(name)));
  expect(
    places.every(place => place >= 0),
    seen.join(' | '),
  ).toBe(true);
});
