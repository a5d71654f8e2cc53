/** The page of limits and upstreams tells what a real gateway does, and what a person does there acts on its traffic. */
import type { Page } from '@playwright/test';
import { ask, callTool, startInstance, writeConfig, type InstanceServer } from './gateway.ts';
import { expect, test } from './harness/hosts.ts';
import { violations } from './violations.ts';
import { goTo, row, rows } from './window-page.ts';

// Each test goes on where the one before it left the gateway.
test.describe.configure({ mode: 'serial' });

let good: InstanceServer;
let bad: InstanceServer;
/** Of the route, once the page has told where the gateway listens. */
let url: string;

test.beforeAll(async () => {
  [good, bad] = await Promise.all([startInstance(), startInstance()]);
});
test.afterAll(async () => {
  await Promise.all([good.close(), bad.close()]);
});

const card = (page: Page, id: string) => page.getByRole('region', { name: new RegExp(`^billing/${id},`) });
const button = (page: Page, name: string) => page.getByRole('button', { name, exact: true });
const confirm = (page: Page, name: string) => page.getByRole('dialog').getByRole('button', { name, exact: true }).click();
/** Which instances took the next calls. */
async function takers(count: number): Promise<{ good: number; bad: number; refused: number }> {
  const before = { good: good.calls(), bad: bad.calls() };
  let refused = 0;
  for (let at = 0; at < count; at += 1) if ((await callTool(url, 'find_invoice')).status !== 200) refused += 1;
  return { good: good.calls() - before.good, bad: bad.calls() - before.bad, refused };
}

test('without a configuration it says what to do, and comes alive with the file', async ({ app, page }) => {
  await goTo(page, 'Limits');
  await expect(page.getByText(`${app.dataDir}/shadowcat.yaml`, { exact: true })).toBeVisible();
  expect(await violations(page)).toEqual([]);

  writeConfig(app.dataDir, 'version: 1\nadmn: {}\n');
  await expect(page.getByRole('alert')).toContainText('Unknown key "admn"');

  writeConfig(app.dataDir, {
    version: 1,
    listeners: [{ name: 'main', port: 0, routes: [{ path: '/mcp', upstream: 'billing' }] }],
    upstreams: {
      billing: {
        affinity: 'none',
        pinning: 'hold',
        health: { kind: 'none' },
        breaker: { consecutive: 3, open: '10m', maxOpen: '10m' },
        instances: [
          { id: 'good', url: good.url },
          { id: 'bad', url: bad.url },
        ],
      },
    },
    limits: [{ id: 'scarce', tier: 'endpoint', match: { tools: ['scarce'] }, algorithm: 'sliding-window', limit: 2, per: '1h' }],
    shutdown: { readyDelay: '1ms', finish: '1s' },
  });
  await expect(page.getByRole('alert')).toHaveCount(0);
  const origin = page.locator('code').filter({ hasText: 'http://127.0.0.1' });
  await expect(origin).toBeVisible();
  url = `${(await origin.textContent()) ?? ''}/mcp`;
  await expect(card(page, 'good')).toHaveAccessibleName('billing/good, Closed');
});

test('a breaker that opens is told everywhere, and its link shows the calls that opened it', async ({ page }) => {
  bad.isBroken = true;
  expect(await takers(6)).toEqual({ good: 3, bad: 3, refused: 3 });
  await expect(card(page, 'bad')).toHaveAccessibleName('billing/bad, Open');
  await expect(card(page, 'bad')).toContainText(/reopens in \d+:\d\d min/);
  await expect(page.getByRole('article').getByRole('region').first()).toHaveAccessibleName('billing/bad, Open');
  await expect(page.getByRole('contentinfo', { name: 'Status' })).toContainText('1 breaker open');
  await expect(page.getByRole('navigation', { name: 'Pages' }).getByRole('button', { name: 'Limits' })).toHaveAccessibleName(
    /1 breaker open/,
  );
  await expect(page.getByRole('list', { name: 'State changes' })).toContainText('breaker closed → open: 3 failures in a row');
  expect(await takers(4)).toEqual({ good: 4, bad: 0, refused: 0 });

  await card(page, 'bad')
    .getByRole('button', { name: /^Tripped/ })
    .click();
  await expect(row(page, 'find_invoice')).toHaveCount(3);
  await expect(row(page, 'breaker closed → open')).toHaveCount(1);
  await expect(rows(page)).toHaveCount(4);
  await goTo(page, 'Limits');
});

test('Reset, Trip and Isolate act on the calls that follow, and can be taken back', async ({ page }) => {
  bad.isBroken = false;
  await button(page, 'Reset billing/bad').click();
  await expect(card(page, 'bad')).toHaveAccessibleName('billing/bad, Closed');
  expect(await takers(4)).toEqual({ good: 2, bad: 2, refused: 0 });

  await button(page, 'Trip billing/good').click();
  await expect(page.getByRole('dialog')).toContainText('New calls to billing go to its other instance.');
  await confirm(page, 'Trip');
  await expect(card(page, 'good')).toHaveAccessibleName('billing/good, Open');
  expect(await takers(2)).toEqual({ good: 0, bad: 2, refused: 0 });

  await button(page, 'Isolate billing/bad').click();
  await expect(page.getByRole('dialog')).toContainText('every call to billing will be refused');
  await confirm(page, 'Isolate');
  await expect(card(page, 'bad')).toHaveAccessibleName('billing/bad, Isolated');
  expect(await takers(2)).toEqual({ good: 0, bad: 0, refused: 2 });
  expect(await violations(page)).toEqual([]);

  await page
    .getByRole('status')
    .getByRole('button', { name: /^Rejoin/ })
    .click();
  await expect(card(page, 'bad')).toHaveAccessibleName('billing/bad, Closed');
  await page
    .getByRole('status')
    .getByRole('button', { name: /^Reset/ })
    .click();
  await expect(card(page, 'good')).toHaveAccessibleName('billing/good, Closed');
  expect(await takers(4)).toEqual({ good: 2, bad: 2, refused: 0 });
});

test('a limit that refuses stands first with its empty bucket, and its link shows what it refused', async ({ page }) => {
  expect((await Promise.all([1, 2, 3].map(() => callTool(url, 'scarce')))).map(({ status }) => status).toSorted()).toEqual([200, 200, 429]);
  const limit = page.getByRole('table', { name: 'Limiter keys' }).getByRole('row').nth(1);
  await expect(limit).toContainText('scarce');
  await expect(limit).toContainText('0 / 2');
  await expect(limit).toContainText('used up');
  await expect(page.getByText('1 limit used up')).toBeVisible();
  await page.getByRole('searchbox', { name: 'Filter limiter keys' }).fill('no such key');
  await expect(page.getByText('No key has “no such key”.')).toBeVisible();
  await page.keyboard.press('Escape');
  await expect(limit).toBeVisible();

  await button(page, 'Limited calls in Live').click();
  await expect(row(page, 'scarce')).toHaveCount(1);
  await goTo(page, 'Limits');
});

test('a tool that changed is held until what differs was read and approved', async ({ page }) => {
  await ask(url, 'tools/list');
  for (const server of [good, bad]) server.description = 'Looks an invoice up and mails it.';
  await ask(url, 'tools/list');
  const tools = page.getByRole('region', { name: 'Changed tools' });
  await expect(tools.getByRole('insertion')).toContainText('and mails it');
  expect((await callTool(url, 'find_invoice')).body).toContain('40300');
  await button(page, 'Approve find_invoice at billing').click();
  await expect(tools).toHaveCount(0);
  expect((await callTool(url, 'find_invoice')).body).toContain('done');
});

test('no width lets the page overflow, and no theme breaks it for axe', async ({ page }) => {
  const sizeBefore = page.viewportSize();
  await goTo(page, 'Settings');
  await page.getByRole('group', { name: 'Theme' }).getByRole('button', { name: 'High contrast' }).click();
  await goTo(page, 'Limits');
  for (const width of [1000, 600]) {
    await page.setViewportSize({ width, height: 800 });
    await expect(card(page, 'good')).toBeVisible();
    expect(await page.locator('.limits-scroll').evaluate(box => box.scrollWidth - box.clientWidth), `${width}`).toBe(0);
    expect(await page.evaluate(() => document.documentElement.scrollHeight - window.innerHeight), `${width}`).toBe(0);
  }
  expect(await violations(page)).toEqual([]);
  if (sizeBefore !== null) await page.setViewportSize(sizeBefore);
});
