/** What axe finds wrong with the page as it stands. */
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import type { Page } from '@playwright/test';

const axeSource = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8');

interface AxeResult {
  readonly violations: readonly { readonly id: string; readonly nodes: readonly { readonly html: string }[] }[];
}

/** The page's own policy forbids foreign scripts, so axe comes through the debugger and not as a script element. */
export async function violations(page: Page): Promise<string[]> {
  // Halfway between two themes nothing has the contrast of either.
  await page.evaluate(async () => {
    const fading = document.getAnimations().filter(animation => animation instanceof CSSTransition);
    await Promise.allSettled(fading.map(animation => animation.finished));
  });
  await page.evaluate(`${axeSource};0`);
  const result = (await page.evaluate(
    "axe.run(document, { runOnly: ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa', 'best-practice'] })",
  )) as AxeResult;
  return result.violations.flatMap(violation => violation.nodes.map(node => `${violation.id}: ${node.html.slice(0, 200)}`));
}
