/** Builds `out/` when a source changed since the last build, judged by content so that switching branches is noticed. */
import { existsSync, statSync } from 'node:fs';
import { hashOf, inProject, readStamp, root, writeStamp } from './project.mjs';
import { run } from './run.mjs';
import { step, stopWith } from './screen.mjs';

const sources = ['src', 'resources', 'electron.vite.config.ts', 'package.json', 'package-lock.json'];
const results = [
  'main/index.js',
  'main/cli.js',
  'main/shim.js',
  'main/store-writer.js',
  'main/store-reader.js',
  'preload/bridge.cjs',
  'renderer/index.html',
].map(path => inProject('out', ...path.split('/')));

/** Leaves `out/` as a build of the present sources. */
export async function ensureBuilt(node) {
  const sourceHash = hashOf(
    sources.map(path => inProject(path)),
    file => !/\.test\.tsx?$/.test(file),
  );
  const stamp = readStamp('build');
  // The build times are part of the stamp: a build made by hand in between must not pass for ours.
  if (stamp?.sourceHash === sourceHash && stamp.builtAt === buildTimes()) return;
  await step('Building', async () => {
    const { code, output } = await run(node, [inProject('node_modules', 'electron-vite', 'bin', 'electron-vite.js'), 'build'], {
      cwd: root,
      quiet: true,
    });
    const missing = results.filter(path => !existsSync(path));
    if (code !== 0 || missing.length > 0) {
      stopWith(
        [output, ...missing.map(path => `missing after the build: ${path}`)].join('\n'),
        'the build failed',
        'fix the error above, then run the same command again',
      );
    }
  });
  writeStamp('build', { sourceHash, builtAt: buildTimes() });
}

function buildTimes() {
  return results.map(path => (existsSync(path) ? statSync(path).mtimeMs : 0)).join();
}
