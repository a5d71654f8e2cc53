/**
 * Three test projects: `engine` (unit, Node), `flow` (real sockets and child processes, against the build),
 * `browser` (components in a real Chromium). There is no jsdom: what a component does in a browser is what counts.
 */
import react from '@vitejs/plugin-react';
import { playwright } from '@vitest/browser-playwright';
import { defineConfig } from 'vitest/config';
import { browserFlags, findBrowser } from './scripts/find-browser.mjs';

const executablePath = findBrowser();

/** A wait ends when what is awaited is there. How long it may take says nothing of the product, only of how busy the machine is. */
const patient = { poll: { timeout: 20_000 } };

const bundledStoreWorkers = 'test/kit/bundle-store-workers.ts';

const slowTests = 'test/**/*.{flow,contract,conformance}.test.ts';

export default defineConfig({
  test: {
    // A person's own settings must not decide a test: no colour codes in captured output.
    env: { NO_COLOR: '1', FORCE_COLOR: '0' },
    projects: [
      {
        test: {
          name: 'engine',
          environment: 'node',
          globalSetup: bundledStoreWorkers,
          // Whatever is no other project's is a unit test: no file may fall between the projects.
          include: ['{src,test,resources,bench}/**/*.test.ts'],
          exclude: ['**/node_modules/**', 'src/renderer/**', slowTests],
          // For what hangs: the longest of them compute for some seconds, on a busy machine for three times as long.
          testTimeout: 40_000,
          hookTimeout: 40_000,
          expect: patient,
          // One per core of the smallest machine that runs them; left alone, two cores get a single worker.
          maxWorkers: 2,
        },
      },
      {
        test: {
          name: 'flow',
          environment: 'node',
          globalSetup: bundledStoreWorkers,
          include: [slowTests],
          testTimeout: 60_000,
          hookTimeout: 60_000,
          expect: patient,
          // Each of these files starts processes of its own; more at once only makes their time-outs lie.
          maxWorkers: 2,
          // Different worker counts may not share a group; the flow files run after the unit tests.
          sequence: { groupOrder: 1 },
        },
      },
      {
        plugins: [react()],
        optimizeDeps: {
          include: [
            'react',
            'react-dom',
            'react-dom/client',
            'react/jsx-dev-runtime',
            'vitest-browser-react',
            'lucide-react',
            'zod',
            'zustand',
            'zustand/vanilla',
            '@tanstack/react-virtual',
            'react-hotkeys-hook',
            '@codemirror/autocomplete',
            '@codemirror/commands',
            '@codemirror/lang-yaml',
            '@codemirror/language',
            '@codemirror/lint',
            '@codemirror/search',
            '@codemirror/state',
            '@codemirror/view',
            '@lezer/highlight',
          ],
        },
        test: {
          name: 'browser',
          include: ['src/renderer/**/*.test.{ts,tsx}'],
          testTimeout: 40_000,
          expect: patient,
          sequence: { groupOrder: 2 },
          browser: {
            enabled: true,
            headless: true,
            screenshotFailures: false,
            provider: playwright({
              launchOptions: { args: browserFlags(), ...(executablePath === undefined ? {} : { executablePath }) },
            }),
            instances: [{ browser: 'chromium' }],
          },
        },
      },
    ],
  },
});
