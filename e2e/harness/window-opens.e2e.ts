/** Both hosts show the same page, which speaks the contract with the host it belongs to. */
import { expect, test } from './hosts.ts';
import { runCli } from './project.ts';

test('the window opens and is the page of Shadowcat', async ({ page }) => {
  await expect(page).toHaveTitle(/Shadowcat/);
  await expect(page.getByRole('main').or(page.locator('#root > *')).first()).toBeVisible();
});

test('the page loads without a refusal of its own security policy', async ({ page }) => {
  const refusals: string[] = [];
  page.on('console', message => {
    if (message.type() === 'error') refusals.push(message.text());
  });

  await page.reload();
  await expect(page.locator('#root > *').first()).toBeVisible();

  expect(refusals).toEqual([]);
});

test('the command line finds the host of the window’s data directory', async ({ app }) => {
  const { code, stdout, stderr } = await runCli(app.dataDir, ['session', 'list', '--json']);

  expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
  expect(JSON.parse(stdout)).toEqual([]);
});

test('a second start on the same data directory does not become a second host', async ({ app }) => {
  const { code, stdout } = await runCli(app.dataDir, ['serve', '--json', '--port', '0']);

  expect(code).toBe(0);
  expect(stdout).not.toContain('"event":"ready"');
});
