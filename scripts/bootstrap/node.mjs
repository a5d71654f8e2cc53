/** Finds the Node that runs the product: the project's own Node 24, else the running one where it is new enough. */
import { execFileSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { SetupError } from './errors.mjs';
import { inProject } from './project.mjs';

/** better-sqlite3 crashes without a word on anything older. */
export const oldestNodeMajor = 22;

const executable = process.platform === 'win32' ? 'node.exe' : 'node';

/** Packages of the toolchain workspace that may carry a Node for this machine. */
export function toolchainPackages() {
  const platform = process.platform === 'win32' ? 'win' : process.platform;
  return [`node-${platform}-${process.arch}`, `node-bin-${platform}-${process.arch}`];
}

/** Absolute path of a Node new enough for the product. */
export function projectNode() {
  const own = toolchainPackages()
    .map(name => inProject('node_modules', name, 'bin', executable))
    .find(path => existsSync(path) && starts(path));
  if (own) return own;
  if (Number(process.versions.node.split('.')[0]) >= oldestNodeMajor) return process.execPath;
  throw new SetupError(
    `no Node ${oldestNodeMajor} or newer for ${process.platform}-${process.arch}: the project brings none for it, and this is Node ${process.versions.node}`,
    'install Node 24 from https://nodejs.org and run the same command again',
  );
}

/** A packaged Node may be built for another C library (Alpine), so it has to show that it runs. */
function starts(path) {
  try {
    execFileSync(path, ['--version'], { stdio: 'ignore', timeout: 10_000 });
    return true;
  } catch {
    return false;
  }
}
