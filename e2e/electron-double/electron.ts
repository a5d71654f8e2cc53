/**
 * The `electron` module of the double: what our main process imports, and no more. A name that is missing here
 * fails at link time, which is the wanted reminder. Not covered: native menus, the sandbox, a key store,
 * session and webRequest, MessagePort; dialogs and the shell are stubs that a test may replace.
 */
import { EventEmitter } from 'node:events';
import { app } from './app.ts';
import { BrowserWindow } from './browser-window.ts';
import { ipcMain } from './ipc.ts';
import { protocol } from './protocol.ts';
import { defaultSession, WebContents } from './web-contents.ts';

export { app, BrowserWindow, ipcMain, protocol };

export const webContents = {
  fromDevToolsTargetId: WebContents.fromDevToolsTargetId,
  getAllWebContents: WebContents.getAllWebContents,
  fromId: (id: number) => WebContents.getAllWebContents().find(contents => contents.id === id),
};

interface MenuTemplate {
  readonly label?: string;
  readonly role?: string;
  readonly submenu?: readonly MenuTemplate[];
  readonly click?: () => void;
}

/** Keeps the template so that a test can read it and click in it. */
export class Menu {
  static #applicationMenu: Menu | null = null;
  readonly items: readonly MenuTemplate[];

  constructor(items: readonly MenuTemplate[] = []) {
    this.items = items;
  }

  static buildFromTemplate = (items: readonly MenuTemplate[]): Menu => new Menu(items);
  static setApplicationMenu = (menu: Menu | null): void => void (Menu.#applicationMenu = menu);
  static getApplicationMenu = (): Menu | null => Menu.#applicationMenu;
  popup(): void {}
}

export const shell = {
  /** Opens nothing; a test reads what would have been opened, here or on stderr. */
  openedUrls: [] as string[],
  async openExternal(url: string): Promise<void> {
    shell.openedUrls.push(url);
    process.stderr.write(`electron double: would open ${url}\n`);
  },
  openPath: async (): Promise<string> => '',
  showItemInFolder(): void {},
};

export const dialog = {
  showMessageBox: async (): Promise<object> => ({ response: 0, checkboxChecked: false }),
  showMessageBoxSync: (): number => 0,
  showErrorBox(title: string, content: string): void {
    process.stderr.write(`${title}: ${content}\n`);
  },
  showOpenDialog: async (): Promise<object> => ({ canceled: true, filePaths: [] }),
  showSaveDialog: async (): Promise<object> => ({ canceled: true }),
};

export const nativeTheme = Object.assign(new EventEmitter(), { themeSource: 'system', shouldUseDarkColors: false });

export const screen = {
  getPrimaryDisplay: () => ({ workAreaSize: { width: 1440, height: 900 }, workArea: { x: 0, y: 0, width: 1440, height: 900 } }),
  getAllDisplays: () => [screen.getPrimaryDisplay()],
  getDisplayMatching: () => screen.getPrimaryDisplay(),
};

export const session = { defaultSession };

/** A machine without a key store: what seals with it keeps nothing, and says so. */
export const safeStorage = { isEncryptionAvailable: (): boolean => false };
