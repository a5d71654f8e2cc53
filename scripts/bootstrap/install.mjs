/** Installs the locked packages when the lock changed since the last install that finished. */
import { existsSync, readFileSync } from 'node:fs';
import { hashOf, inProject, readStamp, root, writeStamp } from './project.mjs';
import { run } from './run.mjs';
import { step, stopWith } from './screen.mjs';

/** Brings `node_modules` in line with `package-lock.json`. Does nothing when it already is. */
export async function ensureInstalled() {
  const lockHash = hashOf([inProject('package-lock.json')]);
  if (readStamp('install')?.lockHash === lockHash && existsSync(inProject('node_modules', '.package-lock.json'))) return;
  if (isInstalledByHand()) return writeStamp('install', { lockHash });
  await step('Installing packages (npm ci)', async () => {
    const { command, args } = npm();
    // No dependency needs an install script, and Electron's download is a step of its own.
    const options = ['--ignore-scripts', '--include=dev', '--include=optional', '--no-audit', '--no-fund'];
    const { code, output } = await run(command, [...args, installVerb(), ...options], { cwd: root, quiet: true, shell: command === 'npm' });
    if (code === 0) return;
    stopWith(
      output,
      'npm could not install the packages',
      'check the network and the registry in `npm config get registry`, then run the same command again',
    );
  });
  writeStamp('install', { lockHash });
}

/**
 * After someone's own `npm install` everything is there already. npm's record of what it put into node_modules
 * must agree with the lock in every version; only packages for other platforms may be missing.
 */
function isInstalledByHand() {
  try {
    const wanted = packagesIn(inProject('package-lock.json'));
    const present = packagesIn(inProject('node_modules', '.package-lock.json'));
    return Object.entries(wanted).every(([path, { version, integrity, optional, link }]) => {
      if (path === '' || link || !path.includes('node_modules/')) return true;
      const found = present[path];
      return found ? found.version === version && found.integrity === integrity : optional === true;
    });
  } catch {
    return false;
  }
}

const packagesIn = lock => JSON.parse(readFileSync(lock, 'utf8')).packages;

/** The npm that runs us if there is one, else the one on PATH. */
function npm() {
  const running = process.env.npm_execpath;
  return running?.endsWith('.js') || running?.endsWith('.cjs')
    ? { command: process.execPath, args: [running] }
    : { command: 'npm', args: [] };
}

/** `npm ci` deletes node_modules first, which Windows forbids while our own Node runs from there. */
function installVerb() {
  return process.platform === 'win32' && process.execPath.startsWith(inProject('node_modules')) ? 'install' : 'ci';
}
