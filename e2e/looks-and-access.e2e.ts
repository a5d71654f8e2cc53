/** Themes are applied, and every page in both is clean to axe. */
import { expect, test } from './harness/hosts.ts';
import { connectClient, openProxy, startServer } from './traffic.ts';
import { violations } from './violations.ts';
import { goTo, row, rows } from './window-page.ts';

let server: Awaited<ReturnType<typeof startServer>>;
let proxy: Awaited<ReturnType<typeof openProxy>> | undefined;

test.afterAll(async () => {
  await proxy?.close();
  await server?.close();
});

for (const theme of ['Light', 'Dark', 'High contrast'] as const)
  test(`${theme}: every page is clean to axe`, async ({ app, page }) => {
    test.slow();
    await goTo(page, 'Settings');
    await page.getByRole('group', { name: 'Theme' }).getByRole('button', { name: theme }).click();
    const expected = theme === 'Light' ? 'light' : 'dark';
    await expect.poll(() => page.evaluate(() => getComputedStyle(document.documentElement).colorScheme)).toBe(expected);
    expect(await violations(page), 'Settings').toEqual([]);

    await goTo(page, 'Live');
    if (proxy === undefined) {
      expect(await violations(page), 'first run').toEqual([]);
      server = await startServer();
      proxy = await openProxy(app.dataDir, server.url);
      const client = await connectClient(proxy.url);
      for (const tool of ['echo', 'fail', 'boom']) await client.call(tool).answered;
      void client.call('wait').answered.catch(() => undefined);
    }
    await expect(rows(page).first()).toBeVisible();
    expect(await violations(page), 'Live').toEqual([]);

    await row(page, 'fail').last().click();
    for (const key of ['1', '2', '3', '4', '5']) {
      await page.keyboard.press(key);
      await page.waitForTimeout(150);
      expect(await violations(page), `detail, tab ${key}`).toEqual([]);
    }
    await page.keyboard.press('1');
    await page.keyboard.press('Escape');

    await page.getByRole('button', { name: 'Columns and view' }).click();
    expect(await violations(page), 'columns menu').toEqual([]);
    await page.keyboard.press('Escape');
    await page.keyboard.press('ControlOrMeta+k');
    await expect(page.getByRole('dialog')).toBeVisible();
    expect(await violations(page), 'palette').toEqual([]);
    await page.keyboard.press('Escape');

    await goTo(page, 'Sessions');
    await expect(page.getByRole('grid', { name: 'Sessions' }).locator('[aria-selected]').first()).toBeVisible();
    expect(await violations(page), 'Sessions').toEqual([]);
  });
