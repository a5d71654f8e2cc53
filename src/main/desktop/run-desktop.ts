/** Runs the desktop host: the same host as headless, with a window and IPC instead of a browser tab. */
import { join } from 'node:path';
import { app, dialog, safeStorage, shell, type BrowserWindow } from 'electron';
import type { HostSearch } from '../headless/find-running-host.ts';
import { componentLogs } from '../headless/component-logs.ts';
import type { ProgramFiles } from '../headless/program-files.ts';
import { startHost } from '../headless/start-host.ts';
import { systemClock } from '../ports.ts';
import { wrappedVaultKey } from '../secrets/vault-key.ts';
import { appScheme, serveAppScheme } from './app-protocol.ts';
import { serveWindows } from './ipc-wire.ts';
import { setMenu } from './menu.ts';
import { openWindow } from './window.ts';

export interface DesktopOptions {
  readonly dataDir: string;
  readonly program: ProgramFiles;
  /** The page of the window: the built one, or the dev server's. */
  readonly pageUrl: string;
  readonly preload: string;
  readonly icon: string;
}

/** Ends with the app. Never rejects: what goes wrong at start is shown to the person who started it. */
export async function runDesktop(options: DesktopOptions): Promise<void> {
  await app.whenReady();
  try {
    await start(options);
  } catch (error) {
    dialog.showErrorBox('Shadowcat could not start', error instanceof Error ? error.message : String(error));
    app.exit(1);
  }
}

async function start({ dataDir, program, pageUrl, preload, icon }: DesktopOptions): Promise<void> {
  const logs = componentLogs({ level: 'warn', clock: systemClock, write: line => void process.stderr.write(line) });
  const placeFile = join(dataDir, 'desktop', 'window.json');
  const window = mainWindow(() => openWindow({ preload, url: pageUrl, icon, placeFile }));
  const started = await startHost({
    kind: 'desktop',
    dataDir,
    program,
    logs,
    vaultKey: wrappedVaultKey({
      dataDir,
      wrapping: {
        isAvailable: safeStorage.isEncryptionAvailable(),
        wrap: plain => safeStorage.encryptString(plain),
        unwrap: wrapped => safeStorage.decryptString(wrapped),
      },
    }),
    // The window has its own wire; this one is for the command line.
    port: { number: 0, isFixed: false },
    rendererDir: undefined,
    onStopRequested: () => app.quit(),
    onShowWindow: () => window.show(),
  });
  if (started.kind === 'running') return openOther(started);
  if (started.kind !== 'started') throw new Error(started.message);

  const { host } = started;
  // Before anything is waited for: from here on others find this host, and may tell it to end.
  quitAfter(() => host.stop());
  await host.engine.gateway.loadUsual();
  const { origin, protocol } = new URL(pageUrl);
  setMenu(process.platform);
  if (protocol === `${appScheme}:`) serveAppScheme(program.rendererDir);
  serveWindows(host.engine.api, url => isOfPage(url, { origin, protocol }));
  app.on('second-instance', () => window.show());
  app.on('activate', () => window.show());
  app.on('window-all-closed', () => {
    // On a Mac an application outlives its windows.
    if (process.platform !== 'darwin') app.quit();
  });
  window.show();
}

/** The data directory has a headless host, which has an address: show that instead of becoming a second one. */
async function openOther({ connection }: Extract<HostSearch, { kind: 'running' }>): Promise<void> {
  const { url } = await connection.call('host.uiUrl', {});
  connection.close();
  await shell.openExternal(url);
  app.exit(0);
}

/** Custom schemes have an opaque origin in Node's URL, so the address itself is compared there. */
function isOfPage(url: string, page: { origin: string; protocol: string }): boolean {
  return page.protocol === `${appScheme}:` ? url.startsWith(`${appScheme}://app/`) : URL.parse(url)?.origin === page.origin;
}

interface MainWindow {
  /** Brings the window to the front; opens it anew when it was closed. */
  show(): void;
}

function mainWindow(open: () => BrowserWindow): MainWindow {
  let current: BrowserWindow | undefined;
  return {
    show() {
      if (current === undefined || current.isDestroyed()) {
        current = open();
        return;
      }
      if (current.isMinimized()) current.restore();
      current.show();
      current.focus();
    },
  };
}

/** Holds the quitting back until the host has ended its sessions and flushed the store. */
function quitAfter(stop: () => Promise<void>): void {
  let stopping: Promise<void> | undefined;
  app.on('will-quit', event => {
    event.preventDefault();
    stopping ??= stop().then(
      () => app.exit(0),
      (error: unknown) => {
        process.stderr.write(`Shadowcat did not stop cleanly: ${String(error)}\n`);
        app.exit(1);
      },
    );
  });
}
