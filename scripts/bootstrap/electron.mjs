/**
 * Gets the Electron binary, which npm does not carry. Tried once per install: where it cannot be had,
 * the failure is remembered and each later start is as fast as if Electron had never been asked for.
 */
import { existsSync, mkdtempSync, readFileSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { filesUnder, inProject, readStamp, writeStamp } from './project.mjs';
import { run } from './run.mjs';
import { step } from './screen.mjs';

const stallMs = 20_000;
const electronFolder = inProject('node_modules', 'electron');

/** Path of the Electron executable if it is already here, else undefined. */
export function installedElectron() {
  try {
    const version = readFileSync(join(electronFolder, 'dist', 'version'), 'utf8').replace(/^v/, '');
    if (version !== wantedVersion()) return undefined;
    const path = join(electronFolder, 'dist', readFileSync(join(electronFolder, 'path.txt'), 'utf8'));
    return existsSync(path) ? path : undefined;
  } catch {
    return undefined;
  }
}

/** Path of the Electron executable, downloaded if need be; else the reason why there is none. */
export async function ensureElectron(node) {
  const found = installedElectron();
  if (found) return { path: found };
  const version = wantedVersion();
  const earlier = readStamp('electron');
  if (earlier?.version === version) return { reason: earlier.reason };
  const reason = await step('Getting Electron (once)', () => download(node));
  const path = installedElectron();
  if (path) return { path };
  writeStamp('electron', { version, reason });
  return { reason };
}

/** Runs Electron's own installer; gives up when nothing has arrived for a while, however long the whole takes. */
async function download(node) {
  const folder = mkdtempSync(join(tmpdir(), 'shadowcat-electron-'));
  const env = { ...process.env, TMPDIR: folder, TEMP: folder, TMP: folder };
  let isStalled = false;
  let watch;
  const { code, output } = await run(node, [join(electronFolder, 'install.js')], {
    cwd: electronFolder,
    env,
    quiet: true,
    onSpawn(child) {
      watch = whenStalled([folder, join(electronFolder, 'dist')], () => {
        isStalled = true;
        child.kill('SIGKILL');
      });
    },
  });
  clearInterval(watch);
  rmSync(folder, { recursive: true, force: true });
  if (code === 0) return undefined;
  return isStalled ? `its download stood still for ${stallMs / 1000} s` : `its download failed (${lastWords(output)})`;
}

function whenStalled(folders, giveUp) {
  let bytes = -1;
  let changedAt = Date.now();
  return setInterval(() => {
    const now = folders.flatMap(filesUnder).reduce((sum, file) => sum + (statSync(file, { throwIfNoEntry: false })?.size ?? 0), 0);
    if (now !== bytes) changedAt = Date.now();
    else if (Date.now() - changedAt >= stallMs) giveUp();
    bytes = now;
  }, 1_000);
}

/** The innermost cause Node printed, or the first line of what went wrong. */
function lastWords(output) {
  const cause = /\[cause\]: (?:\w+: )?(.+)/.exec(output)?.[1] ?? output.split('\n').find(line => line.includes('Error'));
  return cause?.replace(/^\w*Error: /, '').trim() ?? 'no reason given';
}

function wantedVersion() {
  return JSON.parse(readFileSync(join(electronFolder, 'package.json'), 'utf8')).version;
}
