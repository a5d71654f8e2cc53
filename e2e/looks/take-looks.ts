/** Takes pictures of every page in both themes and three sizes, from a real host that plays the sample: `node e2e/looks/take-looks.ts [directory]`. */
import { mkdirSync } from 'node:fs';
import { join, resolve } from 'node:path';
import type { Page } from '@playwright/test';
import { launchHeadless } from '../harness/headless.ts';
import { draftedPolicy, guardedGateway } from './guarded-gateway.ts';
import { troubledGateway } from './troubled-gateway.ts';
import { goTo, grid, row, rows } from '../window-page.ts';

const outDir = resolve(process.argv[2] ?? 'test-results/looks');
const sizes = { wide: { width: 1440, height: 900 }, medium: { width: 1000, height: 700 }, narrow: { width: 600, height: 800 } } as const;
const themes = ['light', 'dark'] as const;

mkdirSync(outDir, { recursive: true });
const host = await launchHeadless();
try {
  const { page } = host;
  await everyLook(page, 'first-run');
  await page.getByRole('button', { name: 'Play', exact: true }).click();
  await rows(page).first().waitFor();
  await page.getByRole('progressbar', { name: 'Progress of the sample session' }).waitFor({ state: 'detached', timeout: 60_000 });
  await everyLook(page, 'live');
  await row(page, 'tool error').last().click();
  await everyLook(page, 'live-detail');
  for (const [key, tab] of [
    ['2', 'raw'],
    ['3', 'headers'],
    ['4', 'timing'],
    ['5', 'related'],
  ] as const) {
    await page.getByRole('tab', { name: new RegExp(tab, 'i') }).waitFor();
    await page.keyboard.press(key);
    await everyLook(page, `live-detail-${tab}`);
  }
  await page.keyboard.press('Escape');
  await grid(page).focus();
  await page.keyboard.press('ControlOrMeta+k');
  await everyLook(page, 'palette');
  await page.keyboard.press('Escape');
  await goTo(page, 'Sessions');
  await page.getByRole('grid', { name: 'Sessions' }).locator('[aria-selected]').first().waitFor();
  await everyLook(page, 'sessions');
  await goTo(page, 'Settings');
  await everyLook(page, 'settings');
  await goTo(page, 'Policies');
  await page.getByRole('heading', { name: 'No configuration file yet' }).waitFor();
  await everyLook(page, 'policies-empty');
  await goTo(page, 'Limits');
  await page.getByRole('heading', { name: 'No gateway is configured' }).waitFor();
  await everyLook(page, 'limits-empty');
  const end = await troubledGateway(host.dataDir, page);
  await everyLook(page, 'limits');
  await everyLook(page, 'limits-below', () =>
    page.getByRole('heading', { name: 'Changed tools' }).evaluate(element => element.scrollIntoView()),
  );
  await page.getByRole('button', { name: 'Isolate billing/primary' }).click();
  await everyLook(page, 'limits-confirm');
  await page.getByRole('dialog').getByRole('button', { name: 'Cancel' }).click();
  await end();
  const endGuarded = await guardedGateway(host.dataDir, page);
  await everyLook(page, 'policies');
  await draftedPolicy(page);
  await page.getByText('was allowed').first().waitFor();
  await everyLook(page, 'policies-draft');
  await page.getByLabel('And when').fill('args.');
  await page.getByRole('button', { name: '1 problem' }).waitFor();
  await everyLook(page, 'policies-wrong');
  await page.getByRole('button', { name: 'History' }).click();
  await page.getByRole('region', { name: 'What going back would change' }).waitFor();
  await everyLook(page, 'policies-history');
  await endGuarded();
} finally {
  await host.close();
}

/** `prepare` runs in each size before its pictures. */
async function everyLook(page: Page, name: string, prepare?: () => Promise<void>): Promise<void> {
  for (const [size, viewport] of Object.entries(sizes)) {
    await page.setViewportSize(viewport);
    await prepare?.();
    for (const theme of themes) {
      await page.emulateMedia({ colorScheme: theme });
      await page.waitForTimeout(250);
      const path = join(outDir, `${name}-${size}-${theme}.png`);
      await page.screenshot({ path });
      process.stdout.write(`${path}\n`);
    }
  }
  await page.setViewportSize(sizes.wide);
  // The page that another width drew must stand before the next key.
  await page.waitForTimeout(250);
}
