/** Entry of the desktop host: claims what must be claimed before Electron is ready, then starts it. */
import { homedir } from 'node:os';
import { join } from 'node:path';
import { app } from 'electron';
import { appScheme, claimAppScheme } from './desktop/app-protocol.ts';
import { namedDataDir } from './desktop/arguments.ts';
import { runDesktop } from './desktop/run-desktop.ts';
import { dataDirOf, ensureDataDir } from './headless/data-dir.ts';
import { type ProgramFiles, programFiles } from './headless/program-files.ts';

const builtPage = `${appScheme}://app/index.html`;
const root = join(import.meta.dirname, '..', '..');
const dataDir = dataDirOf({ named: namedDataDir(process.argv), env: process.env, platform: process.platform, home: homedir() });

ensureDataDir(dataDir);
claimAppScheme();
// Electron's lock belongs to this folder: one window per data directory, not one per user.
app.setPath('userData', join(dataDir, 'desktop'));

if (app.requestSingleInstanceLock()) {
  // Not awaited: Electron becomes ready only after this module has run.
  void runDesktop({
    dataDir,
    program: { ...programFiles(import.meta.filename), ...nodeForShims() },
    pageUrl: app.isPackaged ? builtPage : (process.env['ELECTRON_RENDERER_URL'] ?? builtPage),
    preload: join(root, 'out', 'preload', 'bridge.cjs'),
    icon: join(root, 'resources', 'icons', 'shadowcat-256.png'),
  });
} else {
  // The first instance was told and shows its window.
  app.quit();
}

/** What clients run the shim with: the project's Node, which the bootstrap names; else Electron in the guise of one. */
function nodeForShims(): Pick<ProgramFiles, 'node' | 'nodeEnv'> {
  const node = process.env['SHADOWCAT_NODE'];
  return node === undefined ? { node: process.execPath, nodeEnv: { ELECTRON_RUN_AS_NODE: '1' } } : { node, nodeEnv: {} };
}
