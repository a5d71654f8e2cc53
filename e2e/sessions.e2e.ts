/** The Sessions page: search through everything, open, rename, delete and take back. */
import type { Page } from '@playwright/test';
import { expect, test } from './harness/hosts.ts';
import { connectClient, openProxy, startServer } from './traffic.ts';
import { goTo, row, rows } from './window-page.ts';

let server: Awaited<ReturnType<typeof startServer>>;
let proxy: Awaited<ReturnType<typeof openProxy>> | undefined;

const list = (page: Page) => page.getByRole('grid', { name: 'Sessions' });
const sessions = (page: Page) => list(page).locator('[role=row][aria-selected]');

test.beforeEach(async ({ app, page }) => {
  if (proxy === undefined) {
    server = await startServer();
    proxy = await openProxy(app.dataDir, server.url);
    for (const name of ['first-client', 'second-client', 'third-client']) {
      const client = await connectClient(proxy.url, name);
      await client.call('echo', { text: `said by ${name}` }).answered;
    }
  }
  await goTo(page, 'Sessions');
  await expect(sessions(page)).toHaveCount(3);
});

test.afterAll(async () => {
  await proxy?.close();
  await server?.close();
});

test('every session is listed with who spoke to whom', async ({ page }) => {
  await expect(sessions(page).filter({ hasText: 'first-client → e2e-server' })).toHaveCount(1);
});

test('the search looks into the messages', async ({ page }) => {
  const search = page.getByRole('searchbox', { name: 'Search sessions' });
  await search.fill('second-client');
  await expect(sessions(page)).toHaveCount(1);
  await search.fill('');
  await expect(sessions(page)).toHaveCount(3);
});

test('opening a session narrows Live to it', async ({ page }) => {
  await page.getByRole('button', { name: 'third-client → e2e-server', exact: true }).click();
  await expect(row(page, 'echo')).toHaveCount(1);
  await expect(rows(page).first()).toContainText('third-client');
  await page.getByRole('button', { name: 'Leave this session' }).click();
  await expect(row(page, 'echo')).toHaveCount(3);
});

test('a session is renamed in place by keyboard', async ({ page }) => {
  await list(page).focus();
  await page.keyboard.press('g');
  await page.keyboard.press('e');
  await page.getByRole('textbox', { name: 'Name of the session' }).fill('the one I look for');
  await page.keyboard.press('Enter');
  await expect(sessions(page).first()).toContainText('the one I look for');
  await page.reload();
  await goTo(page, 'Sessions');
  await expect(sessions(page).first()).toContainText('the one I look for');
});

test('a deleted session comes back by Undo', async ({ page }) => {
  await sessions(page).filter({ hasText: 'second-client' }).click();
  await page.getByRole('button', { name: 'Delete', exact: true }).click();
  await expect(sessions(page)).toHaveCount(2);
  await page.getByRole('button', { name: /^Undo/ }).click();
  await expect(sessions(page)).toHaveCount(3);
});

test('several are deleted at once, for good after the time to undo', async ({ page }) => {
  test.slow();
  await list(page).focus();
  await page.keyboard.press('g');
  await page.keyboard.press('x');
  await page.keyboard.press('j');
  await page.keyboard.press('x');
  await page.keyboard.press('Delete');
  await expect(sessions(page)).toHaveCount(1);
  await expect(page.getByText('Deleted 2 sessions.')).toBeVisible();
  await expect(page.getByText('Deleted 2 sessions.')).toHaveCount(0, { timeout: 15_000 });
  await page.reload();
  await goTo(page, 'Sessions');
  await expect(sessions(page)).toHaveCount(1);
});
