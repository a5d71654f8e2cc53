/** End-to-end specs, each run twice: against the headless host in a browser tab and against the desktop host's window. */
import { defineConfig } from '@playwright/test';
import type { HostOptions } from './e2e/harness/hosts.ts';

export default defineConfig<HostOptions>({
  testDir: 'e2e',
  testMatch: '**/*.e2e.ts',
  timeout: 60_000,
  // A wait ends when what is awaited is there; how long it may take says only how busy the machine is.
  expect: { timeout: 20_000 },
  // Frame times and pacing are measured in some specs; two hosts at once on two cores would measure each other.
  workers: 1,
  fullyParallel: false,
  forbidOnly: Boolean(process.env['CI']),
  retries: 0,
  reporter: 'list',
  outputDir: 'test-results',
  use: { trace: 'retain-on-failure', screenshot: 'only-on-failure', viewport: { width: 1440, height: 900 } },
  projects: [
    { name: 'headless', use: { host: 'headless' } },
    { name: 'desktop', use: { host: 'desktop' } },
  ],
});
