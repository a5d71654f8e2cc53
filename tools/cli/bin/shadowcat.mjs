#!/usr/bin/env node
/**
 * The `shadowcat` command of a clone. Starts the built entry on a Node that can run it; without arguments it
 * is `npm start`. Runs on Node 20, imports nothing installed, and is in the start-up path of every wrapped
 * server, so it does as little as possible before handing over.
 */
import { spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';

// better-sqlite3 crashes without a word on anything older.
const oldestNodeMajor = 22;

const projectRoot = resolve(dirname(fileURLToPath(import.meta.url)), '..', '..', '..');
const args = process.argv.slice(2);

if (args.length === 0) await startProject();
else if (args[0] === 'wrap') await runHere('shim.js', args.slice(1));
else if (Number(process.versions.node.split('.')[0]) >= oldestNodeMajor) await runHere('cli.js', args);
else runElsewhere(nodeOfTheProject(), [built('cli.js'), ...args]);

/** The entry takes over this very process: no second Node, no pipe in between. */
async function runHere(entry, entryArgs) {
  const path = built(entry);
  process.argv = [process.argv[0], path, ...entryArgs];
  await import(pathToFileURL(path).href);
}

async function startProject() {
  const bootstrap = join(projectRoot, 'scripts', 'bootstrap.mjs');
  process.argv = [process.argv[0], bootstrap, 'start'];
  await import(pathToFileURL(bootstrap).href);
}

function built(entry) {
  const path = join(projectRoot, 'out', 'main', entry);
  if (!existsSync(path)) stop(`${path} is not built yet: run "npm run build" (or "npm start") in ${projectRoot}`);
  return path;
}

function nodeOfTheProject() {
  const executable = process.platform === 'win32' ? 'node.exe' : 'node';
  const platform = process.platform === 'win32' ? 'win' : process.platform;
  const names = [`node-${platform}-${process.arch}`, `node-bin-${platform}-${process.arch}`];
  const path = names.map(name => join(projectRoot, 'node_modules', name, 'bin', executable)).find(existsSync);
  if (path === undefined)
    stop(`this is Node ${process.versions.node}; Shadowcat needs Node ${oldestNodeMajor} or newer (https://nodejs.org)`);
  return path;
}

/** Replaces this process as far as Node can: same streams, signals passed on, the same end. */
function runElsewhere(node, nodeArgs) {
  const child = spawn(node, nodeArgs, { stdio: 'inherit', windowsHide: true });
  const signals = ['SIGINT', 'SIGTERM', 'SIGHUP'];
  const passOn = signal => {
    // A terminal sends Ctrl-C to the whole foreground group; passing it on would count as a second one.
    if (signal !== 'SIGINT' || !process.stdin.isTTY) child.kill(signal);
  };
  for (const signal of signals) process.on(signal, passOn);
  child.once('error', error => stop(`could not start ${node}: ${error.message}`));
  child.once('exit', (code, signal) => {
    for (const name of signals) process.off(name, passOn);
    if (signal === null) process.exit(code);
    else process.kill(process.pid, signal);
  });
}

function stop(message) {
  process.stderr.write(`shadowcat: ${message}\n`);
  process.exit(1);
}
