/** Filtering in the store, sorting, choosing and resizing columns; what is chosen outlives a reload. */
import { expect, test } from './harness/hosts.ts';
import { connectClient, openProxy, startServer } from './traffic.ts';
import { clearFilter, filterField, grid, row, rowCount, rows } from './window-page.ts';

let server: Awaited<ReturnType<typeof startServer>>;
let proxy: Awaited<ReturnType<typeof openProxy>> | undefined;

test.beforeEach(async ({ app, page }) => {
  if (proxy === undefined) {
    server = await startServer();
    proxy = await openProxy(app.dataDir, server.url);
    const client = await connectClient(proxy.url);
    for (const text of ['apples', 'pears']) await client.call('echo', { text }).answered;
    await client.call('fail').answered;
    await client.call('boom').answered;
    const slow = client.call('wait');
    await new Promise(done => setTimeout(done, 700));
    await server.release(slow.id);
    await slow.answered;
  }
  await expect(rows(page).first()).toBeVisible();
  await clearFilter(page);
  // All of the above, recorded and no longer narrowed by the test before.
  await expect.poll(() => rowCount(page)).toBe(7);
});

test.afterAll(async () => {
  await proxy?.close();
  await server?.close();
});

test('a word finds what messages say', async ({ page }) => {
  await filterField(page).fill('pears');
  await expect(rows(page)).toHaveCount(1);
  await expect(rows(page)).toContainText('echo');
});

test('a token becomes a chip and narrows; a click takes it away', async ({ page }) => {
  await filterField(page).pressSequentially('status:tool-error ');
  await expect(page.getByRole('button', { name: 'Remove status:tool-error' })).toBeVisible();
  await expect(rows(page)).toHaveCount(1);
  await expect(rows(page)).toContainText('fail');
  await page.getByRole('button', { name: 'Remove status:tool-error' }).click();
  await expect.poll(() => rows(page).count()).toBeGreaterThan(3);
});

test('durations compare', async ({ page }) => {
  await filterField(page).pressSequentially('dur:>500ms ');
  await expect(rows(page)).toHaveCount(1);
  await expect(rows(page)).toContainText('wait');
});

test('values that occur are offered', async ({ page }) => {
  await filterField(page).pressSequentially('tool:bo');
  await expect(page.getByRole('option', { name: 'boom' })).toBeVisible();
  await page.keyboard.press('Tab');
  await expect(page.getByRole('button', { name: 'Remove tool:boom' })).toBeVisible();
  await expect(rows(page)).toHaveCount(1);
});

test('a filter that does not parse is shown at its place, and the rows stay', async ({ page }) => {
  const count = await grid(page).getAttribute('aria-rowcount');
  await filterField(page).pressSequentially('dur:soon ');
  await expect(page.getByRole('alert').locator('mark')).toContainText('soon');
  expect(await grid(page).getAttribute('aria-rowcount')).toBe(count);
});

test('no match says so and offers the way back', async ({ page }) => {
  await filterField(page).fill('nothing-like-this');
  await expect(page.getByRole('heading', { name: 'No row matches the filter' })).toBeVisible();
  await page.getByRole('button', { name: 'Clear the filter' }).last().click();
  await expect(rows(page).first()).toBeVisible();
});

test('a filter can be saved and used again', async ({ page }) => {
  await filterField(page).pressSequentially('tool:fail ');
  await expect(rows(page)).toHaveCount(1);
  await page.getByRole('button', { name: 'Save this filter' }).click();
  await clearFilter(page);
  await page.getByRole('button', { name: 'tool:fail', exact: true }).click();
  await expect(rows(page)).toHaveCount(1);
});

test('sorting by duration puts the slowest first', async ({ page }) => {
  await grid(page).getByRole('button', { name: 'Duration' }).click();
  await expect(grid(page).getByRole('columnheader', { name: /^Duration Width/ })).toHaveAttribute('aria-sort', 'descending');
  await expect(rows(page).first()).toContainText('wait');
  await grid(page).getByRole('button', { name: 'Duration' }).click();
  await grid(page).getByRole('button', { name: 'Duration' }).click();
  await expect(rows(page).first()).toContainText('initialize');
});

test('columns are chosen and resized, and stay so after a reload', async ({ page }) => {
  await page.getByRole('button', { name: 'Columns and view' }).click();
  await page.getByRole('menuitemcheckbox', { name: 'Transport' }).click();
  await page.getByRole('menuitemcheckbox', { name: 'Marks' }).click();
  await page.keyboard.press('Escape');
  await expect(grid(page).getByRole('columnheader', { name: 'Transport' })).toBeVisible();
  await expect(grid(page).getByRole('columnheader', { name: 'Marks' })).toHaveCount(0);

  const method = grid(page).getByRole('columnheader', { name: 'Method' });
  const edge = page.getByRole('separator', { name: 'Width of method' });
  const before = (await method.boundingBox())?.width ?? 0;
  const handle = await edge.boundingBox();
  if (handle === null) throw new Error('The edge of the column has no place');
  await page.mouse.move(handle.x + handle.width / 2, handle.y + handle.height / 2);
  await page.mouse.down();
  await page.mouse.move(handle.x + 80, handle.y + handle.height / 2, { steps: 5 });
  await page.mouse.up();
  await expect.poll(async () => (await method.boundingBox())?.width ?? 0).toBeGreaterThan(before + 50);
  const wide = (await method.boundingBox())?.width ?? 0;

  await page.reload();

  await expect(grid(page).getByRole('columnheader', { name: 'Transport' })).toBeVisible();
  await expect(grid(page).getByRole('columnheader', { name: 'Marks' })).toHaveCount(0);
  expect((await method.boundingBox())?.width).toBeCloseTo(wide, 0);
  await expect(row(page, /initialize(?!d)/)).toContainText('streamable-http');
});
