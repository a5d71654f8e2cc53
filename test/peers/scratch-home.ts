/** A temporary directory for one test file: home, data directories and files that servers may touch. */
import { mkdtemp, realpath, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

export interface ScratchHome extends AsyncDisposable {
  readonly path: string;
}

/** Makes the directory; it is deleted with all it holds when disposed. */
export async function scratchHome(): Promise<ScratchHome> {
  const path = await realpath(await mkdtemp(join(tmpdir(), 'shadowcat-test-')));
  return {
    path,
    async [Symbol.asyncDispose]() {
      // A process that was just stopped may still be closing its files.
      await rm(path, { recursive: true, force: true, maxRetries: 5, retryDelay: 100 });
    },
  };
}
