/**
 * Before the tests: bundles the entries of the store's threads, as the build does. Node would run their sources as they are, but
 * each thread then loads and compiles Node's TypeScript stripper (WebAssembly) anew, hundreds of times in a suite: it takes longer
 * than most of these tests, and threads that end while it is still being compiled are no part of the product.
 */
import { chmodSync, mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { build } from 'vite';
import { WORKERS_VARIABLE } from './store-kit.ts';

const root = fileURLToPath(new URL('../../', import.meta.url));

/** A `globalSetup` of vitest: what it returns runs after the tests. */
export default async function bundleStoreWorkers(): Promise<() => void> {
  // Within the project, so that the database's package is found from there.
  const cache = join(root, 'node_modules', '.cache');
  mkdirSync(cache, { recursive: true });
  const directory = mkdtempSync(join(cache, 'store-workers-'));
  // A test runs them as somebody who may not write.
  chmodSync(directory, 0o755);
  await build({
    configFile: false,
    logLevel: 'warn',
    root,
    build: {
      ssr: true,
      target: 'node24',
      outDir: directory,
      rolldownOptions: {
        input: { writer: 'src/main/store/writer-worker.ts', reader: 'src/main/store/reader-worker.ts' },
        output: { format: 'es', entryFileNames: '[name].mjs', chunkFileNames: '[name].mjs' },
      },
    },
  });
  process.env[WORKERS_VARIABLE] = directory;
  return () => rmSync(directory, { recursive: true, force: true });
}
