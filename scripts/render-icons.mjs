/** Draws `resources/icons/*.png` from the SVG beside them. Run by hand after a change of the drawing: `npx node scripts/render-icons.mjs`. */
import { readFileSync } from 'node:fs';
import { chromium } from 'playwright';
import { inProject } from './bootstrap/project.mjs';
import { browserFlags, findBrowser } from './find-browser.mjs';

const sizes = [64, 256, 512];

const svg = readFileSync(inProject('resources', 'icons', 'shadowcat.svg'), 'utf8');
const browser = await chromium.launch({ executablePath: findBrowser(), args: browserFlags() });
for (const size of sizes) {
  const page = await browser.newPage({ viewport: { width: size, height: size } });
  await page.setContent(`<style>body{margin:0}svg{display:block;width:${size}px;height:${size}px}</style>${svg}`);
  await page.screenshot({ path: inProject('resources', 'icons', `shadowcat-${size}.png`), omitBackground: true });
}
await browser.close();
