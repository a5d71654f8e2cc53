/**
 * Starts either host for a spec file, so that the same specs run on both: `headless` is `shadowcat serve` with a
 * browser tab, `desktop` is Electron with its window. Where no Electron can run, the desktop host runs on our
 * test double, and the output says so: such a run is never one on Electron.
 */
import { test as base, type Page, type TestInfo } from '@playwright/test';
import { launchDesktop } from './desktop.ts';
import { launchHeadless } from './headless.ts';

export { expect } from '@playwright/test';

export interface HostOptions {
  readonly host: 'headless' | 'desktop';
}

/** A running host with its window, on a data directory of its own. */
export interface RunningHost {
  readonly kind: HostOptions['host'];
  /** What it really runs on, for the report. */
  readonly runsOn: string;
  readonly page: Page;
  readonly dataDir: string;
  close(): Promise<void>;
}

interface HostSlot {
  forFile(testInfo: TestInfo): Promise<RunningHost>;
}

interface TestFixtures {
  /** The host of this spec file: started for its first test, shared by all of them. */
  readonly app: RunningHost;
  /** The window of that host. */
  readonly page: Page;
}

interface WorkerFixtures extends HostOptions {
  readonly slot: HostSlot;
}

export const test = base.extend<TestFixtures, WorkerFixtures>({
  host: ['headless', { option: true, scope: 'worker' }],
  slot: [
    async ({ host }, use) => {
      let current: { readonly file: string; readonly running: RunningHost } | undefined;
      await use({
        async forFile({ file }) {
          if (current?.file === file) return current.running;
          await current?.running.close();
          current = undefined;
          const running = host === 'headless' ? await launchHeadless() : await launchDesktop();
          process.stdout.write(`${host} host runs on ${running.runsOn}\n`);
          current = { file, running };
          return running;
        },
      });
      await current?.running.close();
    },
    { scope: 'worker' },
  ],
  app: async ({ slot }, use, testInfo) => {
    const running = await slot.forFile(testInfo);
    testInfo.annotations.push({ type: 'host', description: `${running.kind} on ${running.runsOn}` });
    await use(running);
  },
  page: async ({ app }, use) => use(app.page),
});
