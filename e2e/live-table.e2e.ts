/** The Live page shows real traffic as it happens: appearing, pending, answered, failed, cancelled, late. */
import { expect, test } from './harness/hosts.ts';
import { connectClient, openProxy, startServer } from './traffic.ts';
import { detail, goTo, grid, row, rows } from './window-page.ts';

let server: Awaited<ReturnType<typeof startServer>>;
let proxy: Awaited<ReturnType<typeof openProxy>>;
let client: Awaited<ReturnType<typeof connectClient>>;

test.beforeAll(async () => {
  server = await startServer();
});

test.beforeEach(async ({ app }) => {
  proxy ??= await openProxy(app.dataDir, server.url);
  client ??= await connectClient(proxy.url);
});

test.afterAll(async () => {
  await proxy?.close();
  await server.close();
});

test('a capture appears by itself, with client, server and handshake', async ({ page }) => {
  await expect(row(page, /initialize(?!d)/)).toBeVisible();
  await expect(row(page, /initialize(?!d)/)).toContainText('e2e-client');
  await expect(row(page, /initialize(?!d)/)).toContainText('e2e-server');
  await expect(page.getByRole('tree', { name: 'Clients and servers' })).toContainText('e2e-server');
});

test('a call waits in sight and becomes its answer', async ({ page }) => {
  const { id, answered } = client.call('wait', { text: 'patience' });
  const waiting = row(page, 'wait').last();
  await expect(waiting).toContainText('pending');
  const before = await waiting.locator('.c-duration').textContent();
  await expect.poll(() => waiting.locator('.c-duration').textContent()).not.toBe(before);

  await server.release(id);
  await answered;

  await expect(waiting).toContainText('ok');
  await expect(waiting).not.toContainText('pending');
});

test('failures say of which kind they are', async ({ page }) => {
  await client.call('fail').answered;
  await client.call('boom').answered;

  await expect(row(page, 'fail').last()).toContainText('tool error');
  await expect(row(page, 'boom').last()).toContainText('error −32602');
  await row(page, 'fail').last().click();
  await expect(detail(page)).toContainText('The tool failed, but the protocol call succeeded');
  await page.keyboard.press('Escape');
});

test('a cancelled call that is answered later becomes late', async ({ page }) => {
  const { id, answered } = client.call('wait', { text: 'too late' });
  const given = row(page, 'wait').last();
  await expect(given).toContainText('pending');

  await client.cancel(id, 'no patience left');
  await expect(given).toContainText('cancelled');

  await server.release(id);
  await answered;
  await expect(given).toContainText('late');
  await given.click();
  await expect(detail(page)).toContainText('when the client had already cancelled (“no patience left”)');
  await page.keyboard.press('Escape');
});

test('a server that cannot be reached is told apart from one that fails', async ({ app, page }) => {
  const nobody = await openProxy(app.dataDir, 'http://127.0.0.1:9/mcp');
  try {
    await connectClient(nobody.url, 'lonely-client').catch(() => undefined);
    const lonely = row(page, 'failed').last();
    await expect(lonely).toBeVisible();
    await lonely.click();
    await expect(detail(page)).toContainText('Shadowcat answered in its place');
  } finally {
    await page.keyboard.press('Escape');
    await nobody.close();
  }
});

test('picking a source narrows the table to it', async ({ page }) => {
  const tree = page.getByRole('tree', { name: 'Clients and servers' });
  await tree.getByRole('treeitem', { name: /e2e-client/ }).click();
  await expect(row(page, 'lonely-client')).toHaveCount(0);
  await expect(row(page, /initialize(?!d)/).first()).toContainText('e2e-client');
  await tree.getByRole('treeitem', { name: /All traffic/ }).click();
  await expect(row(page, 'lonely-client')).not.toHaveCount(0);
});

test('paused, the view stands still and catches up when it is released', async ({ page }) => {
  const count = await grid(page).getAttribute('aria-rowcount');
  await page.getByRole('button', { name: 'Pause view' }).click();
  await client.call('echo', { text: 'unseen' }).answered;
  await page.waitForTimeout(500);
  expect(await grid(page).getAttribute('aria-rowcount')).toBe(count);

  await page.getByRole('button', { name: 'Resume view' }).click();
  await expect.poll(() => grid(page).getAttribute('aria-rowcount')).not.toBe(count);
});

test('away from the end, new rows are counted and the view stays', async ({ page }) => {
  for (let at = 0; at < 60; at += 1) await client.call('echo', { text: String(at) }).answered;
  await expect(rows(page).last()).toContainText('echo');
  await grid(page).evaluate(element => (element.scrollTop = 0));
  await expect(rows(page).first()).toHaveAttribute('aria-rowindex', '2');
  const first = await rows(page).first().textContent();

  await client.call('echo', { text: 'new' }).answered;

  const strip = page.getByRole('button', { name: /new$/ });
  await expect(strip).toBeVisible();
  expect(await rows(page).first().textContent()).toBe(first);
  await strip.click();
  await expect(strip).toHaveCount(0);
});

test('recording can be switched off and on, and the window says so', async ({ page }) => {
  const recording = page.getByRole('switch', { name: 'Recording' });
  await recording.click();
  await expect(recording).not.toBeChecked();
  await expect(page.getByText('Recording is off.')).toBeVisible();
  const count = await grid(page).getAttribute('aria-rowcount');
  await client.call('echo', { text: 'unrecorded' }).answered;
  await page.waitForTimeout(500);
  expect(await grid(page).getAttribute('aria-rowcount')).toBe(count);

  await recording.click();
  await expect(recording).toBeChecked();
  await client.call('echo', { text: 'recorded again' }).answered;
  await expect.poll(() => grid(page).getAttribute('aria-rowcount')).not.toBe(count);
});

test('a table keeps its place when a detail opens and when another page was looked at', async ({ page }) => {
  const offset = () => grid(page).evaluate(element => element.scrollTop);
  await grid(page).evaluate(element => (element.scrollTop = 300));
  await expect.poll(offset).toBe(300);
  await rows(page).nth(20).click();
  await expect(detail(page)).toBeVisible();
  expect(await offset()).toBe(300);

  await goTo(page, 'Sessions');
  await goTo(page, 'Live');
  await expect.poll(offset).toBe(300);
  await page.keyboard.press('Escape');
  await expect(detail(page)).toHaveCount(0);
  expect(await offset()).toBe(300);
});
