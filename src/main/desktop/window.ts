/** The one window: isolated, sandboxed, never navigating away, and back where the user left it. */
import { readFileSync, writeFileSync } from 'node:fs';
import { BrowserWindow, screen, shell, type Rectangle } from 'electron';

export interface WindowPaths {
  readonly preload: string;
  /** Where the window's place is remembered. */
  readonly placeFile: string;
  /** The address of the page: the built one, or the dev server's. */
  readonly url: string;
  readonly icon: string;
}

const smallest = { width: 720, height: 480 };

export function openWindow({ preload, placeFile, url, icon }: WindowPaths): BrowserWindow {
  const window = new BrowserWindow({
    ...(rememberedPlace(placeFile) ?? { width: 1440, height: 900 }),
    minWidth: smallest.width,
    minHeight: smallest.height,
    title: 'Shadowcat',
    icon,
    show: false,
    webPreferences: { preload, contextIsolation: true, sandbox: true, nodeIntegration: false, webviewTag: false, spellcheck: false },
  });
  keepToItself(window, new URL(url));
  window.once('ready-to-show', () => window.show());
  window.on('close', () => rememberPlace(placeFile, window.getNormalBounds()));
  window.loadURL(url).catch((error: unknown) => process.stderr.write(`The window could not load ${url}: ${String(error)}\n`));
  return window;
}

/** The page never leaves its origin; https links open in the user's browser, anything else opens nowhere. */
function keepToItself(window: BrowserWindow, home: URL): void {
  window.webContents.on('will-navigate', (event, target) => {
    const { protocol, host } = new URL(target);
    if (protocol === home.protocol && host === home.host) return;
    event.preventDefault();
    openOutside(target);
  });
  window.webContents.setWindowOpenHandler(({ url }) => {
    openOutside(url);
    return { action: 'deny' };
  });
  window.webContents.session.setPermissionRequestHandler((_contents, permission, decide) =>
    decide(permission === 'clipboard-sanitized-write'),
  );
}

function openOutside(url: string): void {
  if (new URL(url).protocol === 'https:') void shell.openExternal(url);
}

/** A place that is on no screen any more (a display was taken away) is forgotten. */
function rememberedPlace(file: string): Rectangle | undefined {
  try {
    const place = JSON.parse(readFileSync(file, 'utf8')) as Rectangle;
    const isPlace = [place.x, place.y, place.width, place.height].every(Number.isFinite);
    const { workArea } = screen.getDisplayMatching(place);
    const isVisible =
      place.x < workArea.x + workArea.width - 80 && place.y < workArea.y + workArea.height - 80 && place.x + place.width > workArea.x + 80;
    return isPlace && isVisible ? place : undefined;
  } catch {
    return undefined;
  }
}

function rememberPlace(file: string, place: Rectangle): void {
  try {
    writeFileSync(file, JSON.stringify(place));
  } catch {
    // A window that opens in its default place is no reason to complain while quitting.
  }
}
