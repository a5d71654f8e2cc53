/** Makes sure the tests have a Chromium: one that is here, Playwright's download, or Debian's package, in that order. */
import { findBrowser } from '../find-browser.mjs';
import { SetupError } from './errors.mjs';
import { inProject, root } from './project.mjs';
import { run } from './run.mjs';
import { step } from './screen.mjs';

/** Path of a Chromium for the tests. */
export async function ensureBrowser(node) {
  const found = findBrowser();
  if (found) return found;
  const attempts = [() => downloadWithPlaywright(node), installWithApt];
  for (const attempt of attempts) {
    await attempt();
    const path = findBrowser();
    if (path) return path;
  }
  throw new SetupError(
    'the tests need a Chromium or Chrome, and none could be found or installed',
    'install one and name it, for instance: CHROME_PATH=/path/to/chrome npm test',
  );
}

async function downloadWithPlaywright(node) {
  const cli = inProject('node_modules', 'playwright', 'cli.js');
  // Playwright retries by itself; a refused or silent connection should not hold a machine that has apt.
  const env = { ...process.env, PLAYWRIGHT_DOWNLOAD_CONNECTION_TIMEOUT: '15000' };
  await step('Getting Chromium (playwright install)', () =>
    run(node, [cli, 'install', 'chromium', '--no-shell'], { cwd: root, env, quiet: true }),
  );
}

async function installWithApt() {
  if (process.platform !== 'linux' || process.getuid?.() !== 0) return;
  await step('Getting Chromium (apt-get install)', async () => {
    const env = { ...process.env, DEBIAN_FRONTEND: 'noninteractive' };
    for (const args of [['update'], ['install', '-y', '--no-install-recommends', 'chromium']]) {
      // No apt-get here is the same as no package: the caller looks again and explains.
      await run('apt-get', args, { env, quiet: true }).catch(() => undefined);
    }
  });
}
