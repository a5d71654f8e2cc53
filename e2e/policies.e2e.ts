/** Policies in the window, before a real server: made, tried, saved, switched, fought over and taken back, with the file on disk as the witness. */
import type { Page } from '@playwright/test';

import { freePort, gatewayFile, readConfigFile, throughGateway, writeConfigFile } from './gateway-file.ts';
import { expect, test } from './harness/hosts.ts';
import { startServer } from './traffic.ts';
import { violations } from './violations.ts';
import { detail, goTo, row } from './window-page.ts';

test.describe.configure({ mode: 'serial' });

let server: Awaited<ReturnType<typeof startServer>> | undefined;
let call: Awaited<ReturnType<typeof throughGateway>>;

const editor = (page: Page) => page.getByRole('region', { name: 'Editor' });
const form = (page: Page) => page.getByRole('region', { name: 'Form' });
const dryRun = (page: Page) => page.getByRole('region', { name: 'Dry run' });
const yaml = (page: Page) => page.getByRole('textbox', { name: 'Configuration as YAML' });
const save = (page: Page) => page.getByRole('button', { name: /^Save/ });
const inForce = (page: Page) => page.getByText(/^In force since/);

const undo = (page: Page, said: string) => page.locator('.toast').filter({ hasText: said }).getByRole('button', { name: /^Undo/ }).click();

/** What the page's content security policy refused since this was first asked. */
async function refusedByCsp(page: Page): Promise<unknown> {
  return page.evaluate(() => {
    const kept = globalThis as { refused?: string[] };
    if (kept.refused === undefined) {
      const refused: string[] = [];
      kept.refused = refused;
      document.addEventListener('securitypolicyviolation', event => refused.push(`${event.violatedDirective} ${event.sourceFile}`));
    }
    return kept.refused;
  });
}

test.beforeAll(async () => {
  server = await startServer();
});
test.afterAll(async () => {
  await server?.close();
});

test('without a file the page names the one that would be used, and writes a first one that is in force', async ({ app, page }) => {
  await goTo(page, 'Policies');
  // The text editor, which brings styles of its own, is not loaded yet.
  await refusedByCsp(page);
  await expect(page.getByRole('heading', { name: 'No configuration file yet' })).toBeVisible();
  await expect(page.getByText(`${app.dataDir}/shadowcat.yaml`)).toBeVisible();
  await page.getByRole('button', { name: 'Write a first file' }).click();
  await expect(inForce(page)).toBeVisible();
  expect(readConfigFile(app.dataDir)).toBe('version: 1\n');
});

test('a policy made in the form is tried on what was recorded, saved, and refuses the next call', async ({ app, page }) => {
  const port = await freePort();
  writeConfigFile(app.dataDir, gatewayFile({ port, server: server?.url ?? '' }));
  await expect(page.getByRole('textbox', { name: 'Configuration as YAML' })).toContainText('The gateway of the office');
  await expect(inForce(page)).toBeVisible();
  await expect(page.getByText('0 policies in')).toBeVisible();
  call = await throughGateway(port);
  expect(await call('wipe', { path: '/prod/a' })).toContain('echo of');
  expect(await call('wipe', { path: '/tmp/a' })).toContain('echo of');

  await page.getByRole('button', { name: 'Add a policy' }).click();
  await page.getByRole('menuitem', { name: 'Deny a tool' }).click();
  await expect(editor(page).getByRole('heading', { name: 'deny-tool' })).toBeVisible();
  await form(page).getByLabel('Name').fill('no-wiping');
  await form(page).getByRole('button', { name: 'Remove tool delete_*' }).click();
  await form(page).getByRole('combobox', { name: 'Tool' }).fill('wipe');
  await form(page).getByRole('combobox', { name: 'Tool' }).press('Enter');
  await form(page).getByLabel('And when').fill('args.path.startsWith("/prod"');
  await expect(form(page).getByRole('alert')).toContainText('expression');
  await expect(save(page)).toBeDisabled();
  await expect(editor(page).getByRole('button', { name: '1 problem' })).toBeVisible();
  await form(page).getByLabel('And when').fill('args.path.startsWith("/prod")');
  await expect(yaml(page)).toContainText('id: no-wiping');

  await expect(dryRun(page).getByRole('button', { name: /1 would be denied\s*1 more than now/ })).toBeVisible();
  await expect(dryRun(page).getByRole('listitem').first()).toContainText(/deny.*files.*wipe.*was allowed.*no-wiping/);
  await save(page).click();
  await expect(page.getByText('Saved, and in force.')).toBeVisible();
  await expect(editor(page).getByText('edited, not saved')).toHaveCount(0);
  expect(await call('wipe', { path: '/prod/a' })).toMatch(/40300.*no-wiping|no-wiping.*40300/s);
  expect(await call('wipe', { path: '/tmp/a' })).toContain('echo of');
  await expect(page.getByRole('listitem').filter({ hasText: 'no-wiping' }).first()).toContainText('1 hit, last');
  const text = readConfigFile(app.dataDir);
  for (const kept of ['# The gateway of the office.', '# one route is enough', 'limits: []   # none on purpose', 'tools: [wipe]'])
    expect(text).toContain(kept);
});

test('a judged call opens in Live, and a draft is still there afterwards', async ({ page }) => {
  await form(page).getByLabel('Message').fill('Nothing is wiped here');
  await expect(editor(page).getByText('edited, not saved')).toBeVisible();
  await dryRun(page).getByRole('button', { name: 'Run again' }).click();
  await dryRun(page).getByRole('listitem').filter({ hasText: 'wipe' }).filter({ hasText: 'deny' }).first().click();
  await expect(detail(page)).toContainText('wipe');
  await expect(row(page, 'wipe').first()).toBeVisible();
  await goTo(page, 'Policies');
  await expect(form(page).getByLabel('Message')).toHaveValue('Nothing is wiped here');
  await editor(page).getByRole('button', { name: 'Discard' }).click();
  await page.getByRole('dialog').getByRole('button', { name: 'Discard' }).click();
  await expect(form(page).getByLabel('Message')).toHaveValue('Nothing is deleted through this gateway');
});

test('a policy in shadow lets calls through, and the switch over all of them warns', async ({ app, page }) => {
  const card = page.getByRole('group', { name: 'Mode of no-wiping' });
  await card.getByRole('button', { name: 'Shadow' }).click();
  await expect(card.getByRole('button', { name: 'Shadow' })).toHaveAttribute('aria-pressed', 'true');
  await expect.poll(() => call('wipe', { path: '/prod/a' })).toContain('echo of');
  expect(readConfigFile(app.dataDir)).toContain('mode: shadow');
  await card.getByRole('button', { name: 'Enforce' }).click();
  await expect.poll(() => call('wipe', { path: '/prod/a' })).toContain('40300');

  await page.getByRole('group', { name: 'All policies' }).getByRole('button', { name: 'Off' }).click();
  await page.getByRole('dialog').getByRole('button', { name: 'Switch off' }).click();
  await expect(page.getByText('All policies are off.')).toBeVisible();
  expect(await call('wipe', { path: '/prod/a' })).toContain('echo of');
  await page.getByRole('group', { name: 'All policies' }).getByRole('button', { name: 'Enforce' }).click();
  await expect(page.getByText('All policies are off.')).toHaveCount(0);
  expect(readConfigFile(app.dataDir)).toContain('# one route is enough');
});

test('a file that is changed elsewhere loses nothing, neither there nor here', async ({ app, page }) => {
  await yaml(page).click();
  await page.keyboard.press('ControlOrMeta+End');
  await page.keyboard.type('# mine');
  await expect(editor(page).getByText('edited, not saved')).toBeVisible();
  writeConfigFile(app.dataDir, readConfigFile(app.dataDir).replace('# none on purpose', '# theirs'));
  await expect(page.getByText('The file was changed elsewhere')).toBeVisible();
  await expect(save(page)).toBeDisabled();
  await page.getByRole('button', { name: 'See the difference' }).click();
  await expect(page.getByRole('dialog')).toContainText('+# mine');
  await expect(page.getByRole('dialog')).toContainText('# theirs');
  await page.keyboard.press('Escape');
  await expect(yaml(page)).toContainText('# mine');
  await page.getByRole('button', { name: 'Take the file' }).click();
  await page.getByRole('dialog').getByRole('button', { name: 'Take the file' }).click();
  await expect(yaml(page)).toContainText('# theirs');
  await undo(page, 'The draft gave way to the file.');
  await expect(yaml(page)).toContainText('# mine');
  await page.getByRole('button', { name: 'Go on with my draft' }).click();
  await save(page).click();
  await expect.poll(() => readConfigFile(app.dataDir)).toContain('# mine');
});

test('an earlier configuration is rolled back to, with its difference in sight', async ({ app, page }) => {
  await page.getByRole('button', { name: 'History' }).click();
  const box = page.getByRole('dialog', { name: 'History' });
  await expect(box.getByRole('region', { name: 'What going back would change' })).toContainText('-# mine');
  await box.getByRole('button', { name: 'Roll back' }).click();
  await page.getByRole('dialog', { name: 'Roll back?' }).getByRole('button', { name: 'Roll back' }).click();
  await expect.poll(() => readConfigFile(app.dataDir)).toContain('# theirs');
  await box.getByRole('button', { name: 'Close' }).click();
  await expect(yaml(page)).toContainText('# theirs');
  await expect(inForce(page)).toBeVisible();
});

test('a removed policy comes back by Undo, as it was written', async ({ app, page }) => {
  const before = readConfigFile(app.dataDir);
  await page.getByRole('button', { name: 'Remove no-wiping' }).click();
  await expect.poll(() => readConfigFile(app.dataDir)).not.toContain('no-wiping');
  await undo(page, 'Removed no-wiping.');
  await expect.poll(() => readConfigFile(app.dataDir)).toBe(before);
});

test('a call in Live becomes the beginning of a policy', async ({ page }) => {
  await goTo(page, 'Live');
  await row(page, 'wipe').filter({ hasText: 'refused' }).last().click();
  await detail(page)
    .getByRole('tab', { name: /Policy/ })
    .click();
  await detail(page).getByRole('button', { name: 'Make a policy from this' }).click();
  await expect(editor(page).getByRole('heading', { name: 'deny-wipe' })).toBeVisible();
  await expect(yaml(page)).toContainText('servers: [files]');
  await editor(page).getByRole('button', { name: 'Discard' }).click();
  await page.getByRole('dialog').getByRole('button', { name: 'Discard' }).click();
  await expect(editor(page).getByText('edited, not saved')).toHaveCount(0);
});

test('a file that is wrong is named with its line, and what was in force stays', async ({ app, page }) => {
  const before = readConfigFile(app.dataDir);
  writeConfigFile(app.dataDir, before.replace('effect: deny', 'effect: dney'));
  await expect(page.getByText('The gateway did not take the file as it stands.')).toBeVisible();
  await expect(page.getByRole('region', { name: 'Problems' })).toContainText('Line');
  expect(await call('wipe', { path: '/prod/a' })).toContain('40300');
  writeConfigFile(app.dataDir, before);
  await expect(inForce(page)).toBeVisible();
});

test('the editor is left by keyboard, completes from the schema, and the page is clean to axe and to its own security policy', async ({
  app,
  page,
}) => {
  await page.getByRole('button', { name: 'no-wiping', exact: true }).click();
  await yaml(page).click();
  await page.keyboard.press('ControlOrMeta+Home');
  await page.keyboard.type('sess');
  await expect(page.getByRole('option', { name: 'sessions' })).toBeVisible();
  await page.keyboard.press('Escape');
  for (let at = 0; at < 4; at += 1) await page.keyboard.press('Backspace');
  await page.keyboard.press('Escape');
  await page.keyboard.press('Tab');
  await expect(yaml(page)).not.toBeFocused();
  await expect(editor(page).getByText('edited, not saved')).toHaveCount(0);
  await expect(page.getByRole('region', { name: 'Problems' })).toHaveCount(0);
  // The same page in both hosts: one of them in every theme is enough.
  for (const theme of app.kind === 'headless' ? ['light', 'dark', 'contrast'] : ['dark']) {
    await page.evaluate(name => (document.documentElement.dataset['theme'] = name), theme);
    expect(await violations(page), theme).toEqual([]);
  }
  await page.evaluate(() => delete document.documentElement.dataset['theme']);
  expect(await refusedByCsp(page)).toEqual([]);
});
