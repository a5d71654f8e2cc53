/** The desktop host: Electron where it can run, else our test double of it, through the very same Playwright driver. */
import { rmSync } from 'node:fs';
import { join } from 'node:path';
import { _electron } from 'playwright';
import { installedElectron } from '../../scripts/bootstrap/electron.mjs';
import type { RunningHost } from './hosts.ts';
import { built, freshDataDir, projectRoot } from './project.ts';

const fakeElectron = join(projectRoot, 'e2e', 'electron-double', 'fake-electron');

export async function launchDesktop(dataDir = freshDataDir()): Promise<RunningHost> {
  built('main', 'index.js');
  const { executablePath, runsOn } = electron();
  const app = await _electron.launch({ executablePath, args: [projectRoot, '--data-dir', dataDir], cwd: projectRoot });
  const page = await app.firstWindow();
  await page.waitForLoadState('domcontentloaded');
  return {
    kind: 'desktop',
    runsOn,
    page,
    dataDir,
    async close() {
      await app.close();
      rmSync(dataDir, { recursive: true, force: true });
    },
  };
}

/** What stands in for the Electron binary, and its honest name. */
function electron(): { readonly executablePath: string; readonly runsOn: string } {
  const real = installedElectron();
  const hasDisplay = process.platform !== 'linux' || Boolean(process.env['DISPLAY'] ?? process.env['WAYLAND_DISPLAY']);
  if (real !== undefined && hasDisplay) return { executablePath: real, runsOn: 'Electron' };
  const reason = real === undefined ? 'there is no Electron binary here' : 'this machine has no display';
  return { executablePath: fakeElectron, runsOn: `the test double of Electron (${reason})` };
}
