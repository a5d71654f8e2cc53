/** Themes are applied, and every page in both is clean to axe. */
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import type { Page } from '@playwright/test';
import { expect, test } from './harness/hosts.ts';
import { connectClient, openProxy, startServer } from './traffic.ts';
import { goTo, row, rows } from './window-page.ts';

const axeSource = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8');

interface AxeResult {
  readonly violations: readonly { readonly id: string; readonly nodes: readonly { readonly html: string }[] }[];
}

/** The page's own policy forbids foreign scripts, so axe comes through the debugger and not as a script element. */
async function violations(page: Page): Promise<string[]> {
  await page.evaluate(`${axeSource};0`);
  const result = (await page.evaluate(
    "axe.run(document, { runOnly: ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa', 'best-practice'] })",
  )) as AxeResult;
  return result.violations.flatMap(violation => violation.nodes.map(node => `${violation.id}: ${node.html.slice(0, 200)}`));
}

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
