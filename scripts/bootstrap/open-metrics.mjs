/**
 * Makes sure, where it can, that the tests have the OpenMetrics reference parser (Debian's `python3-prometheus-client`).
 * Not an error where it cannot be had: that one test then says that it was skipped, and our own strict reader still runs.
 */
import { findReferenceParser } from '../find-reference-parser.mjs';
import { run } from './run.mjs';
import { step } from './screen.mjs';

export async function ensureReferenceParser() {
  if (findReferenceParser() || process.platform !== 'linux' || process.getuid?.() !== 0) return;
  await step('Getting the OpenMetrics reference parser (apt-get install)', async () => {
    const env = { ...process.env, DEBIAN_FRONTEND: 'noninteractive' };
    for (const args of [['update'], ['install', '-y', '--no-install-recommends', 'python3-prometheus-client']]) {
      await run('apt-get', args, { env, quiet: true }).catch(() => undefined);
    }
  });
}
