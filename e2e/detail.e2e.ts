/** The detail of a row: tree, raw bytes, headers, timing, related, and how it docks. */
import { expect, test } from './harness/hosts.ts';
import { connectClient, openProxy, startServer } from './traffic.ts';
import { detail, row, rows } from './window-page.ts';

let server: Awaited<ReturnType<typeof startServer>>;
let proxy: Awaited<ReturnType<typeof openProxy>> | undefined;

test.beforeEach(async ({ app, page }) => {
  if (proxy === undefined) {
    server = await startServer();
    proxy = await openProxy(app.dataDir, server.url);
    const client = await connectClient(proxy.url);
    await client.call('echo', { text: 'a long way', list: Array.from({ length: 500 }, (_, at) => at) }).answered;
    await client.call('fail').answered;
    await client.call('fail').answered;
  }
  await row(page, 'fail').last().click();
  await expect(detail(page)).toBeVisible();
  await page.getByRole('tab', { name: 'Tree' }).click();
});

test.afterAll(async () => {
  await proxy?.close();
  await server?.close();
});

test('request and response stand side by side as trees', async ({ page }) => {
  const request = detail(page).getByRole('region', { name: 'Request' });
  const response = detail(page).getByRole('region', { name: 'Response' });
  await expect(request).toContainText('"tools/call"');
  await expect(response).toContainText('isError: true');
  const side = await request.boundingBox();
  const other = await response.boundingBox();
  expect(other?.x).toBeGreaterThan(side?.x ?? 0);

  await page.keyboard.press('\\');
  await expect.poll(async () => (await response.boundingBox())?.y ?? 0).toBeGreaterThan((await request.boundingBox())?.y ?? 0);
  await page.keyboard.press('\\');
});

test('JSON inside a text unfolds in place, and tells its path', async ({ page }) => {
  const response = detail(page).getByRole('region', { name: 'Response' });
  await response.getByText('JSON in text').click();
  await expect(response).toContainText('message: "rate limit reached"');
  await response.getByText('message: "rate limit reached"').click();
  await expect(response).toContainText('result.content[0].text.message');
});

test('a long list shows its first part and more on request', async ({ page }) => {
  await row(page, 'echo').last().click();
  const tree = detail(page).getByRole('tree', { name: 'Request' });
  await tree.focus();
  await page.keyboard.press('End');
  await tree.getByText('Show more (300 left)').click();
  await expect(tree.getByText('Show more')).toHaveCount(0);
});

test('raw shows the bytes as they came, also in hex', async ({ page }) => {
  await page.keyboard.press('2');
  const response = detail(page).getByRole('region', { name: 'Response', exact: true });
  await expect(response).toContainText('{"jsonrpc":"2.0","id":');
  await response.getByRole('button', { name: 'Hex' }).click();
  await expect(response).toContainText('00000000');
  await expect(response).toContainText('7b 22 6a 73 6f 6e');
});

test('headers show the HTTP head, with those of MCP in front of the eye', async ({ page }) => {
  await page.keyboard.press('3');
  await expect(detail(page).getByRole('region', { name: 'Request headers' })).toContainText('POST');
  await expect(detail(page).locator('.mcp dt').first()).toHaveText(/mcp-session-id/i);
});

test('timing tells the phases and the frames', async ({ page }) => {
  await page.keyboard.press('4');
  const timing = detail(page).getByRole('region', { name: 'Timing' });
  await expect(timing).toContainText('Waiting for the first byte');
  await expect(timing.getByRole('listitem')).not.toHaveCount(0);
});

test('related leads to the handshake and the same call before', async ({ page }) => {
  await page.keyboard.press('5');
  const related = detail(page).getByRole('region', { name: 'Related' });
  await expect(related).toContainText('The same call was made 2 times in this session; all of them failed.');
  await related.getByRole('button', { name: /Handshake/ }).click();
  await expect(detail(page).getByRole('heading', { name: /initialize/ })).toBeVisible();
});

test('brackets step through the frames of the exchange', async ({ page }) => {
  await page.keyboard.press(']');
  await page.keyboard.press(']');
  await expect(detail(page).getByRole('region', { name: 'Response' })).toContainText(/frame 2 of \d/);
});

test('one row per frame shows single messages', async ({ page }) => {
  await page.keyboard.press('Escape');
  await page.getByRole('button', { name: 'Frames' }).click();
  await expect(rows(page).filter({ hasText: 'result' }).last()).toBeVisible();
  await rows(page).filter({ hasText: 'result' }).last().click();
  await expect(detail(page).getByRole('region', { name: 'Message' })).toContainText('jsonrpc');
  await page.keyboard.press('Escape');
  await page.getByRole('button', { name: 'Exchanges' }).click();
});
