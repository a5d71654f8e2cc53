/** Where the parts of the program lie. An entry knows where it lies itself; everything else follows from that. */
import { readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';

export interface ProgramFiles {
  readonly version: string;
  readonly storeWriter: string;
  readonly storeReader: string;
  readonly shim: string;
  readonly rendererDir: string;
  readonly sampleStdioServer: string;
  readonly sampleHttpServer: string;
  /** A Node that runs the shim and the sample, and what it needs in its environment to behave as one. */
  readonly node: string;
  readonly nodeEnv: Readonly<Record<string, string>>;
}

/**
 * The files around an entry in `out/main`, or around its source in `src/main`: Node runs TypeScript as it is, which
 * saves a build while working. Both folders lie at the same depth.
 */
export function programFiles(entryFile: string): ProgramFiles {
  const here = resolve(entryFile, '..');
  const root = resolve(here, '..', '..');
  const isSource = entryFile.endsWith('.ts');
  return {
    version: versionIn(join(root, 'package.json')),
    storeWriter: join(here, isSource ? 'store/writer-worker.ts' : 'store-writer.js'),
    storeReader: join(here, isSource ? 'store/reader-worker.ts' : 'store-reader.js'),
    shim: join(here, isSource ? 'shim.ts' : 'shim.js'),
    rendererDir: join(root, 'out', 'renderer'),
    sampleStdioServer: join(root, 'resources', 'sample', 'server.mjs'),
    sampleHttpServer: join(root, 'resources', 'sample', 'http-server.mjs'),
    node: process.execPath,
    nodeEnv: {},
  };
}

function versionIn(packageFile: string): string {
  return (JSON.parse(readFileSync(packageFile, 'utf8')) as { version: string }).version;
}
