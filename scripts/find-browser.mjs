/**
 * Finds a Chromium that is already on this machine. Plain JavaScript without dependencies, because the
 * bootstrap runs it on Node 20 before anything is installed. Installing one is `install-browser.mjs`' job.
 */
import { accessSync, constants, existsSync, readdirSync } from 'node:fs';
import { homedir } from 'node:os';
import { delimiter, join } from 'node:path';

const namesOnPath = ['chromium', 'chromium-browser', 'google-chrome-stable', 'google-chrome', 'chrome', 'microsoft-edge'];

const fixedPlaces = {
  linux: ['/usr/bin/chromium', '/usr/bin/chromium-browser', '/usr/bin/google-chrome', '/snap/bin/chromium'],
  darwin: [
    '/Applications/Google Chrome.app/Contents/MacOS/Google Chrome',
    '/Applications/Chromium.app/Contents/MacOS/Chromium',
    '/Applications/Microsoft Edge.app/Contents/MacOS/Microsoft Edge',
  ],
  win32: [
    'C:\\Program Files\\Google\\Chrome\\Application\\chrome.exe',
    'C:\\Program Files (x86)\\Google\\Chrome\\Application\\chrome.exe',
    'C:\\Program Files (x86)\\Microsoft\\Edge\\Application\\msedge.exe',
  ],
};

/** Path of a usable Chromium, or undefined. `CHROME_PATH` wins, and a wrong one is an error rather than ignored. */
export function findBrowser(env = process.env) {
  if (env.CHROME_PATH) {
    if (!isExecutable(env.CHROME_PATH)) throw new Error(`CHROME_PATH names ${env.CHROME_PATH}, which is not an executable file`);
    return env.CHROME_PATH;
  }
  return [...onPath(env), ...(fixedPlaces[process.platform] ?? []), ...downloadedByPlaywright(env)].find(isExecutable);
}

/** Flags every Chromium we start needs: no network of its own, no first-run pages, no GPU; no sandbox only as root. */
export function browserFlags() {
  const flags = [
    '--disable-background-networking',
    '--disable-component-update',
    '--disable-sync',
    '--no-first-run',
    '--disable-gpu',
    '--disable-quic',
  ];
  // Chromium refuses to start its sandbox as root, which is how most containers run.
  if (process.getuid?.() === 0) flags.push('--no-sandbox');
  return flags;
}

function onPath(env) {
  if (process.platform === 'win32') return [];
  const folders = (env.PATH ?? '').split(delimiter).filter(Boolean);
  return namesOnPath.flatMap(name => folders.map(folder => join(folder, name)));
}

/** Playwright keeps its browsers in one folder per build: `chromium-1234/chrome-linux64/chrome` and the like. */
function downloadedByPlaywright(env) {
  const root =
    env.PLAYWRIGHT_BROWSERS_PATH ??
    {
      linux: join(env.XDG_CACHE_HOME ?? join(homedir(), '.cache'), 'ms-playwright'),
      darwin: join(homedir(), 'Library', 'Caches', 'ms-playwright'),
      win32: join(homedir(), 'AppData', 'Local', 'ms-playwright'),
    }[process.platform];
  if (!root || !existsSync(root)) return [];
  const insides = [
    ['chrome-linux64', 'chrome'],
    ['chrome-linux', 'chrome'],
    ['chrome-mac-arm64', 'Google Chrome for Testing.app', 'Contents', 'MacOS', 'Google Chrome for Testing'],
    ['chrome-mac-x64', 'Google Chrome for Testing.app', 'Contents', 'MacOS', 'Google Chrome for Testing'],
    ['chrome-mac', 'Chromium.app', 'Contents', 'MacOS', 'Chromium'],
    ['chrome-win64', 'chrome.exe'],
    ['chrome-win', 'chrome.exe'],
  ];
  return readdirSync(root)
    .filter(name => name.startsWith('chromium-'))
    .sort()
    .reverse()
    .flatMap(name => insides.map(parts => join(root, name, ...parts)));
}

function isExecutable(path) {
  try {
    accessSync(path, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}
