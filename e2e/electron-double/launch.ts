/**
 * What `fake-electron` runs: starts Chromium, puts the double in the place of the `electron` module, and imports
 * the application's built main entry. Prints the two lines by which Playwright finds the debuggers of a real Electron.
 */
import { readFileSync, statSync } from 'node:fs';
import { registerHooks } from 'node:module';
import { join, resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import { app } from './app.ts';
import { browserSession, shareBrowser } from './browser.ts';
import { Cdp } from './cdp.ts';
import { startChromium } from './chromium.ts';
// Loaded before a debugger can ask for it: requiring a module that is still being linked gives an empty one.
import './electron.ts';

const double = pathToFileURL(join(import.meta.dirname, 'electron.ts')).href;

registerHooks({
  resolve: (specifier, context, next) =>
    specifier === 'electron' ? { url: double, format: 'module-typescript', shortCircuit: true } : next(specifier, context),
});

const isUnderPlaywright = process.argv.some(argument => argument.startsWith('--inspect='));
const [, , ...argumentsAfterScript] = process.argv;
const appAt = argumentsAfterScript.findIndex(argument => !argument.startsWith('-'));
if (appAt < 0) throw new Error('Usage: fake-electron [switches] APP [arguments]');
const appPath = resolve(argumentsAfterScript[appAt] ?? '.');
const isFolder = statSync(appPath).isDirectory();
const manifest = isFolder
  ? (JSON.parse(readFileSync(join(appPath, 'package.json'), 'utf8')) as { main: string; name: string; version: string })
  : undefined;
if (manifest) app.describe(appPath, manifest);

process.argv = [join(import.meta.dirname, 'fake-electron'), ...argumentsAfterScript.slice(appAt)];
Object.defineProperty(process.versions, 'electron', { value: '0.0.0-double', enumerable: true });
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, () => app.quit());

const chromium = await startChromium();
shareBrowser(await Cdp.connect(chromium.devToolsUrl), chromium);
await browserSession().send('Target.setDiscoverTargets', { discover: true });

// Playwright connects to both debuggers, then calls this: until then the application waits, as with the real one.
const released = Promise.withResolvers<void>();
Object.assign(globalThis, { __playwright_run: () => released.resolve() });
process.stderr.write(`DevTools listening on ${chromium.devToolsUrl}\n`);
if (!isUnderPlaywright) released.resolve();

// Electron is ready only once the main entry has run; one that awaits readiness at its top level hangs here, too.
await import(pathToFileURL(manifest ? join(appPath, manifest.main) : appPath).href);
await released.promise;
app.becomeReady();
