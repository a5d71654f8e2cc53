/** The first run: what to do before the first message, and the sample session through the real path. */
import { expect, test } from './harness/hosts.ts';
import { rows } from './window-page.ts';

test('an empty store says how the first message gets here', async ({ page }) => {
  await expect(page.getByRole('heading', { name: 'Nothing is connected yet' })).toBeVisible();
  await expect(page.getByRole('region', { name: 'Wrap a command' }).getByRole('code')).toHaveText(/ --$/);
  await expect(page.getByRole('region', { name: 'Put a proxy before a URL' }).getByRole('code')).toContainText('proxy');
});

test('a proxy opens right here', async ({ page }) => {
  const way = page.getByRole('region', { name: 'Put a proxy before a URL' });
  await way.getByRole('textbox', { name: 'Address of the server' }).fill('http://127.0.0.1:9/mcp');
  await way.getByRole('button', { name: 'Open' }).click();
  await expect(way.getByText('Dial this address')).toBeVisible();
  await expect(way.getByRole('code').first()).toContainText('http://127.0.0.1:');
});

test('the sample session plays through the real path and is recorded', async ({ page }) => {
  test.slow();
  await page.getByRole('button', { name: 'Play', exact: true }).click();
  await expect(rows(page).filter({ hasText: 'tools/call' }).first()).toBeVisible({ timeout: 20_000 });
  await expect(page.getByRole('progressbar', { name: 'Progress of the sample session' })).toHaveCount(0, { timeout: 45_000 });
  await expect(rows(page).filter({ hasText: 'tool error' })).not.toHaveCount(0);
});
