/**
 * `npm start`: the desktop app, or where there is no Electron or no display, the headless host with a
 * browser tab. Says in one sentence which of them it is and why.
 */
import { ensureBuilt } from './build.mjs';
import { ensureElectron } from './electron.mjs';
import { ensureInstalled } from './install.mjs';
import { projectNode } from './node.mjs';
import { inProject, root } from './project.mjs';
import { run } from './run.mjs';
import { say } from './screen.mjs';

// Electron that cannot start (sandbox refused, a library missing) ends at once; later exits are the user's.
const failedStartMs = 5_000;

export async function start(args) {
  await ensureInstalled();
  const node = projectNode();
  await ensureBuilt(node);
  const outcome = await desktopOrReason(node, args);
  if (outcome.exitCode !== undefined) return outcome.exitCode;
  say(`Shadowcat runs ${hasDisplay() ? 'in a browser tab' : 'without a window of its own'}: ${outcome.reason}.`);
  return headless(node, args);
}

/** Runs the desktop app to its end, or tells why it cannot be. */
async function desktopOrReason(node, args) {
  if (process.env.SHADOWCAT_HOST === 'headless') return { reason: 'SHADOWCAT_HOST=headless asks for the headless host' };
  if (!hasDisplay()) return { reason: 'this machine has no display' };
  const electron = await ensureElectron(node);
  if (!electron.path) return { reason: `there is no Electron here, ${electron.reason}` };
  const startedAt = Date.now();
  // Chromium refuses to start its sandbox as root.
  const flags = process.platform === 'linux' && process.getuid?.() === 0 ? ['--no-sandbox'] : [];
  const { code, signal } = await run(electron.path, [...flags, root, ...args], {
    cwd: root,
    env: { ...process.env, SHADOWCAT_NODE: node },
  });
  const hasFailed = code !== 0 && !['SIGINT', 'SIGTERM', 'SIGHUP'].includes(signal) && Date.now() - startedAt < failedStartMs;
  return hasFailed ? { reason: `Electron could not start (exit code ${code})` } : { exitCode: code };
}

/** Runs the headless host, which prints the address of its window and opens it where there is a display. */
async function headless(node, args) {
  const isOpenWanted = hasDisplay() && !args.includes('--no-open');
  const passedOn = args.filter(arg => arg !== '--no-open');
  const { code } = await run(node, [inProject('out', 'main', 'cli.js'), 'serve', ...(isOpenWanted ? ['--open'] : []), ...passedOn], {
    cwd: root,
  });
  return code;
}

function hasDisplay() {
  return process.platform !== 'linux' || Boolean(process.env.DISPLAY || process.env.WAYLAND_DISPLAY);
}
