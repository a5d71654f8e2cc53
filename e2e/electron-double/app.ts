/** Electron's `app`: readiness, windows all closed, the ways to quit, the single-instance lock, paths and switches. */
import { EventEmitter } from 'node:events';
import { mkdirSync, readFileSync, readdirSync, rmSync, watch, writeFileSync, type FSWatcher } from 'node:fs';
import { homedir, tmpdir } from 'node:os';
import { join } from 'node:path';
import { stopBrowser } from './browser.ts';

/** What a window shows the application while it quits. */
export interface Closable {
  close(): void;
  isDestroyed(): boolean;
}

class App extends EventEmitter {
  readonly windows = new Set<Closable>();
  readonly commandLine = { appendSwitch() {}, hasSwitch: (name: string) => process.argv.includes(`--${name}`), getSwitchValue: () => '' };
  readonly dock = undefined;
  isPackaged = false;
  #name = 'electron';
  #version = '0.0.0';
  #appPath = process.cwd();
  #isReady = false;
  #isQuitting = false;
  #paths = new Map<string, string>();
  #lockWatch: FSWatcher | undefined;
  readonly #whenReady = Promise.withResolvers<void>();

  describe(appPath: string, { productName, name, version }: { productName?: string; name: string; version: string }): void {
    this.#appPath = appPath;
    this.#name = productName ?? name;
    this.#version = version;
  }

  /** The double is set up and, under Playwright, the test is connected. */
  becomeReady(): void {
    if (this.#isReady) return;
    this.#isReady = true;
    this.#whenReady.resolve();
    this.emit('ready', {}, {});
  }

  isReady = (): boolean => this.#isReady;
  whenReady = (): Promise<void> => this.#whenReady.promise;
  getName = (): string => this.#name;
  setName = (name: string): void => void (this.#name = name);
  getVersion = (): string => this.#version;
  getAppPath = (): string => this.#appPath;
  getLocale = (): string => 'en-US';
  setAppUserModelId(): void {}
  setAboutPanelOptions(): void {}
  enableSandbox(): void {}
  disableHardwareAcceleration(): void {}
  focus(): void {}

  getPath(name: string): string {
    const fixed: Record<string, string> = { home: homedir(), temp: tmpdir(), userData: join(homedir(), '.config', this.#name) };
    const path = this.#paths.get(name) ?? fixed[name];
    if (path === undefined) throw new Error(`The test double of Electron knows no path "${name}"`);
    return path;
  }

  setPath(name: string, path: string): void {
    this.#paths.set(name, path);
  }

  /** Like Electron's, the lock belongs to the userData folder; the second instance's arguments reach the first as files. */
  requestSingleInstanceLock(additionalData: unknown = {}): boolean {
    const folder = join(this.getPath('userData'), 'double-instances');
    mkdirSync(folder, { recursive: true });
    const lock = join(folder, 'first');
    try {
      writeFileSync(lock, String(process.pid), { flag: 'wx' });
    } catch {
      if (isAlive(Number(readFileSync(lock, 'utf8')))) {
        const message = { argv: process.argv, cwd: process.cwd(), additionalData };
        writeFileSync(join(folder, `second-${process.pid}.json`), JSON.stringify(message));
        return false;
      }
      writeFileSync(lock, String(process.pid));
    }
    this.#lockWatch = watch(folder, () => this.#greetSecondInstances(folder));
    return true;
  }

  #greetSecondInstances(folder: string): void {
    for (const name of readdirSync(folder).filter(found => found.startsWith('second-'))) {
      const text = readFileSync(join(folder, name), 'utf8');
      // The watcher may be told before the text is written; it will be told again.
      if (!text.endsWith('}')) continue;
      rmSync(join(folder, name));
      const { argv, cwd, additionalData } = JSON.parse(text) as { argv: string[]; cwd: string; additionalData: unknown };
      this.emit('second-instance', {}, argv, cwd, additionalData);
    }
  }

  windowClosed(window: Closable): void {
    this.windows.delete(window);
    if (this.windows.size > 0) return;
    if (this.#isQuitting) this.#finishQuitting();
    else if (this.listenerCount('window-all-closed') > 0) this.emit('window-all-closed');
    else this.quit();
  }

  /** before-quit, every window's close, will-quit, quit: any of the first three may call it off. */
  quit(): void {
    if (!allows(this, 'before-quit')) return;
    this.#isQuitting = true;
    if (this.windows.size === 0) this.#finishQuitting();
    for (const window of this.windows) window.close();
  }

  /** A window's close was prevented. */
  stayOpen(): void {
    this.#isQuitting = false;
  }

  #finishQuitting(): void {
    if (allows(this, 'will-quit')) this.exit(0);
  }

  exit(code = 0): void {
    this.emit('quit', {}, code);
    this.#lockWatch?.close();
    if (this.#lockWatch !== undefined) rmSync(join(this.getPath('userData'), 'double-instances'), { recursive: true, force: true });
    stopBrowser();
    process.exit(code);
  }
}

export const app = new App();

/** Emits a preventable event; false when a listener called it off. */
export function allows(emitter: EventEmitter, event: string, ...args: unknown[]): boolean {
  let isPrevented = false;
  emitter.emit(event, { preventDefault: () => (isPrevented = true) }, ...args);
  return !isPrevented;
}

function isAlive(pid: number): boolean {
  try {
    return process.kill(pid, 0);
  } catch {
    return false;
  }
}
