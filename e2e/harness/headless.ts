/** The headless host as a person runs it: `shadowcat serve`, and a tab of an installed Chromium on the address it prints. */
import { rmSync } from 'node:fs';
import { createInterface } from 'node:readline';
import { chromium } from 'playwright';
import { browserFlags, findBrowser } from '../../scripts/find-browser.mjs';
import type { RunningHost } from './hosts.ts';
import { freshDataDir, spawnCli } from './project.ts';

const readyMs = 20_000;

interface ReadyLine {
  readonly event: string;
  readonly uiUrl: string;
}

export async function launchHeadless(): Promise<RunningHost> {
  const dataDir = freshDataDir();
  const child = spawnCli(dataDir, ['serve', '--json', '--port', '0']);
  const ended = new Promise<void>(done => void child.once('close', () => done()));
  const { uiUrl } = await readyLine(child);
  const executablePath = findBrowser();
  const browser = await chromium.launch({ args: browserFlags(), ...(executablePath === undefined ? {} : { executablePath }) });
  const context = await browser.newContext({ viewport: { width: 1440, height: 900 } });
  const page = await context.newPage();
  await page.goto(uiUrl);
  return {
    kind: 'headless',
    runsOn: `Node with Chromium ${browser.version()}`,
    page,
    dataDir,
    async close() {
      await browser.close();
      child.kill('SIGTERM');
      await ended;
      rmSync(dataDir, { recursive: true, force: true });
    },
  };
}

/** The first line of `serve --json`; whatever else the host says before it ends goes into the failure. */
async function readyLine(child: ReturnType<typeof spawnCli>): Promise<ReadyLine> {
  let said = '';
  child.stderr.setEncoding('utf8').on('data', (text: string) => (said = (said + text).slice(-4_000)));
  const lines = createInterface({ input: child.stdout });
  try {
    return await new Promise((done, fail) => {
      const timer = setTimeout(() => fail(new Error(`No ready line within ${readyMs} ms: ${said}`)), readyMs);
      child.once('close', code => fail(new Error(`serve ended with ${code} before it was ready: ${said}`)));
      lines.once('line', line => {
        clearTimeout(timer);
        done(JSON.parse(line) as ReadyLine);
      });
    });
  } catch (error) {
    child.kill('SIGKILL');
    throw error;
  }
}
