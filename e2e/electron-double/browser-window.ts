/** Electron's `BrowserWindow`, as far as a window without a screen can be one. */
import { EventEmitter } from 'node:events';
import { allows, app } from './app.ts';
import { WebContents } from './web-contents.ts';

interface Options {
  readonly width?: number;
  readonly height?: number;
  readonly show?: boolean;
  readonly title?: string;
  readonly webPreferences?: { readonly preload?: string; readonly contextIsolation?: boolean; readonly nodeIntegration?: boolean };
}

const windows = new Set<BrowserWindow>();

export class BrowserWindow extends EventEmitter {
  readonly id: number;
  readonly webContents: WebContents;
  #bounds: { x: number; y: number; width: number; height: number };
  #title: string;
  #isDestroyed = false;
  #isVisible: boolean;
  #isMinimized = false;

  constructor({ width = 800, height = 600, show = true, title = '', webPreferences = {} }: Options = {}) {
    super();
    if (webPreferences.contextIsolation === false || webPreferences.nodeIntegration === true) {
      throw new Error('The test double of Electron has only isolated preloads and no Node in pages');
    }
    this.webContents = new WebContents(
      { close: () => this.close(), destroy: () => this.destroy() },
      { preload: webPreferences.preload, width, height },
    );
    this.id = this.webContents.id;
    this.#bounds = { x: 0, y: 0, width, height };
    this.#title = title;
    this.#isVisible = show;
    windows.add(this);
    app.windows.add(this);
    this.webContents.once('dom-ready', () => this.emit('ready-to-show', {}));
    app.emit('browser-window-created', {}, this);
    app.emit('web-contents-created', {}, this.webContents);
  }

  static getAllWindows = (): BrowserWindow[] => [...windows];
  static getFocusedWindow = (): BrowserWindow | null => [...windows].at(-1) ?? null;
  static fromWebContents = (contents: WebContents | undefined): BrowserWindow | null =>
    [...windows].find(({ webContents }) => webContents === contents) ?? null;

  loadURL = (url: string): Promise<void> => this.webContents.loadURL(url);
  isDestroyed = (): boolean => this.#isDestroyed;
  isVisible = (): boolean => this.#isVisible;
  isMinimized = (): boolean => this.#isMinimized;
  isMaximized = (): boolean => false;
  isFullScreen = (): boolean => false;
  isFocused = (): boolean => this.#isVisible;
  minimize = (): void => void (this.#isMinimized = true);
  restore = (): void => void (this.#isMinimized = false);
  maximize(): void {}
  setMenuBarVisibility(): void {}
  setBackgroundColor(): void {}
  setTitleBarOverlay(): void {}
  focus = (): void => void this.emit('focus', {});
  hide = (): void => void (this.#isVisible = false);
  getTitle = (): string => this.#title;
  setTitle = (title: string): void => void (this.#title = title);
  getBounds = (): { x: number; y: number; width: number; height: number } => ({ ...this.#bounds });
  getNormalBounds = this.getBounds;
  getSize = (): number[] => [this.#bounds.width, this.#bounds.height];

  show(): void {
    this.#isVisible = true;
    this.emit('show', {});
  }

  setBounds(bounds: Partial<{ x: number; y: number; width: number; height: number }>): void {
    this.#bounds = { ...this.#bounds, ...bounds };
    void this.webContents.setSize(this.#bounds.width, this.#bounds.height).catch(() => undefined);
    this.emit('resize', {});
  }

  setSize(width: number, height: number): void {
    this.setBounds({ width, height });
  }

  close(): void {
    if (this.#isDestroyed) return;
    if (allows(this, 'close')) this.destroy();
    else app.stayOpen();
  }

  destroy(): void {
    if (this.#isDestroyed) return;
    this.#isDestroyed = true;
    windows.delete(this);
    void this.webContents.destroyTarget();
    this.emit('closed');
    app.windowClosed(this);
  }
}
