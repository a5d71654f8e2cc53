/** Electron's `webContents`: one target of Chromium, with the preload in an isolated world and navigation under the application's control. */
import { EventEmitter } from 'node:events';
import { readFileSync } from 'node:fs';
import { allows } from './app.ts';
import { browserSession } from './browser.ts';
import type { Session } from './cdp.ts';
import { deliver, type Posted } from './ipc.ts';
import { answerByHandler, fromChromium, isHandled, toChromium, type PausedRequest } from './protocol.ts';
import { bindingName, isolatedWorld, isolatedWorldSource, mainWorldSource, receiverName } from './worlds.ts';

type WindowOpenHandler = (details: { url: string; frameName: string; disposition: string }) => { action: 'allow' | 'deny' };

/** The window around the contents. */
interface Owner {
  close(): void;
  destroy(): void;
}

const all = new Map<string, WebContents>();
let lastId = 0;

export class WebContents extends EventEmitter {
  readonly id = (lastId += 1);
  readonly session = defaultSession;
  readonly navigationHistory = { canGoBack: () => false, clear() {} };
  readonly #owner: Owner;
  readonly #page: Promise<Session>;
  #targetId = '';
  #mainFrameId = '';
  #contextId: number | undefined;
  #url = '';
  #isDestroyed = false;
  /** The address the application itself asked for; any other document request is a navigation of the page's. */
  #expectedUrl: string | undefined;
  #windowOpenHandler: WindowOpenHandler = () => ({ action: 'allow' });

  constructor(owner: Owner, options: { preload?: string | undefined; width: number; height: number }) {
    super();
    this.#owner = owner;
    this.#page = this.#open(options);
    // Whoever sends the next command gets the failure; without one it must not end the process.
    this.#page.catch(() => undefined);
  }

  static fromDevToolsTargetId(targetId: string): WebContents | undefined {
    return all.get(targetId);
  }

  static getAllWebContents(): WebContents[] {
    return [...all.values()];
  }

  get mainFrame(): { url: string; origin: string; routingId: number } {
    const { protocol, host } = new URL(this.#url || 'about:blank');
    return { url: this.#url, origin: host === '' ? 'null' : `${protocol}//${host}`, routingId: 1 };
  }

  getURL = (): string => this.#url;
  isDestroyed = (): boolean => this.#isDestroyed;
  isCrashed = (): boolean => false;
  getTitle = (): string => '';
  setZoomLevel(): void {}
  setZoomFactor(): void {}
  openDevTools(): void {}
  toggleDevTools(): void {}
  focus(): void {}
  setVisualZoomLevelLimits = async (): Promise<void> => {};
  setWindowOpenHandler = (handler: WindowOpenHandler): void => void (this.#windowOpenHandler = handler);

  async loadURL(url: string): Promise<void> {
    const page = await this.#page;
    const loaded = new Promise(resolve => page.events.once('Page.loadEventFired', resolve));
    this.#expectedUrl = toChromium(url);
    const { errorText } = await page.send<{ errorText?: string }>('Page.navigate', { url: this.#expectedUrl });
    if (errorText !== undefined) throw new Error(`${errorText} loading '${url}'`);
    await loaded;
  }

  async reload(): Promise<void> {
    this.#expectedUrl = toChromium(this.#url);
    await (await this.#page).send('Page.reload');
  }

  /** Throws like Electron's once the window is gone. */
  send(channel: string, ...args: unknown[]): void {
    if (this.#isDestroyed) throw new TypeError('Object has been destroyed');
    void this.#receive({ channel, args });
  }

  async executeJavaScript(expression: string): Promise<unknown> {
    const page = await this.#page;
    const options = { expression, awaitPromise: true, returnByValue: true };
    const { result, exceptionDetails } = await page.send<{ result: { value: unknown }; exceptionDetails?: { text: string } }>(
      'Runtime.evaluate',
      options,
    );
    if (exceptionDetails) throw new Error(exceptionDetails.text);
    return result.value;
  }

  close(): void {
    this.#owner.close();
  }

  /** Takes the target away; the window goes with it. */
  async destroyTarget(): Promise<void> {
    this.#markDestroyed();
    await browserSession()
      .send('Target.closeTarget', { targetId: this.#targetId })
      .catch(() => undefined);
  }

  async setSize(width: number, height: number): Promise<void> {
    await this.#page;
    const { windowId } = await browserSession().send<{ windowId: number }>('Browser.getWindowForTarget', { targetId: this.#targetId });
    await browserSession().send('Browser.setWindowBounds', { windowId, bounds: { width, height } });
  }

  async #open({ preload, width, height }: { preload?: string | undefined; width: number; height: number }): Promise<Session> {
    const browser = browserSession();
    const { targetId } = await browser.send<{ targetId: string }>('Target.createTarget', {
      url: 'about:blank',
      width,
      height,
      newWindow: true,
    });
    this.#targetId = targetId;
    all.set(targetId, this);
    const { sessionId } = await browser.send<{ sessionId: string }>('Target.attachToTarget', { targetId, flatten: true });
    const page = browserSession(sessionId);
    this.#listen(page);
    await page.send('Page.enable');
    const { frameTree } = await page.send<{ frameTree: { frame: { id: string } } }>('Page.getFrameTree');
    this.#mainFrameId = frameTree.frame.id;
    await page.send('Runtime.enable');
    if (preload !== undefined) await installPreload(page, readFileSync(preload, 'utf8'));
    await page.send('Fetch.enable', { patterns: [{ urlPattern: '*', resourceType: 'Document' }, { urlPattern: 'http://*.localhost/*' }] });
    browser.events.on('Target.targetDestroyed', ({ targetId: gone }: { targetId: string }) => {
      if (gone === targetId && !this.#isDestroyed) this.#owner.destroy();
    });
    await browser.send('Target.setDiscoverTargets', { discover: true });
    return page;
  }

  #listen(page: Session): void {
    const on = <T>(event: string, listener: (params: T) => void): void => void page.events.on(event, listener);
    on<{ context: { id: number; name: string; auxData: { frameId: string } } }>('Runtime.executionContextCreated', ({ context }) => {
      if (context.name === isolatedWorld && context.auxData.frameId === this.#mainFrameId) this.#contextId = context.id;
    });
    on<{ executionContextId: number }>('Runtime.executionContextDestroyed', ({ executionContextId }) => {
      if (executionContextId === this.#contextId) this.#contextId = undefined;
    });
    on<{ name: string; payload: string }>('Runtime.bindingCalled', ({ name, payload }) => {
      if (name === bindingName) void this.#delivered(JSON.parse(payload) as Posted);
    });
    on<{ frame: { id: string; url: string; parentId?: string } }>('Page.frameNavigated', ({ frame }) => {
      if (frame.parentId !== undefined) return;
      this.#url = fromChromium(frame.url);
      this.emit('did-start-navigation', { url: this.#url, isMainFrame: true, isSameDocument: false }, this.#url, false, true);
      this.emit('did-navigate', {}, this.#url, 200, 'OK');
    });
    on('Page.domContentEventFired', () => this.emit('dom-ready', {}));
    on('Page.loadEventFired', () => this.emit('did-finish-load', {}));
    on<{ url: string; windowName: string }>('Page.windowOpen', ({ url, windowName }) => void this.#windowOpened(url, windowName));
    on<PausedRequest>('Fetch.requestPaused', paused => void this.#paused(page, paused));
    on('Inspector.targetCrashed', () => this.emit('render-process-gone', {}, { reason: 'crashed', exitCode: 1 }));
  }

  async #delivered(posted: Posted): Promise<void> {
    const reply = (channel: string, ...args: unknown[]): void => this.send(channel, ...args);
    const event = { sender: this, senderFrame: this.mainFrame, processId: 1, frameId: 1, reply };
    await deliver(posted, event, answer => void this.#receive(answer));
  }

  async #receive(message: object): Promise<void> {
    const page = await this.#page;
    if (this.#contextId === undefined) return;
    await page
      .send('Runtime.callFunctionOn', {
        functionDeclaration: `function (text) { globalThis.${receiverName}(text); }`,
        executionContextId: this.#contextId,
        arguments: [{ value: JSON.stringify(message) }],
      })
      // The page went on to another document meanwhile: Electron drops such messages, too.
      .catch(() => undefined);
  }

  async #paused(page: Session, paused: PausedRequest): Promise<void> {
    const { requestId, request, resourceType, frameId } = paused;
    try {
      if (resourceType === 'Document' && frameId === this.#mainFrameId && !this.#mayNavigate(request.url)) {
        await page.send('Fetch.failRequest', { requestId, errorReason: 'Aborted' });
      } else if (isHandled(request.url)) await answerByHandler(page, paused);
      else await page.send('Fetch.continueRequest', { requestId });
    } catch (error) {
      process.stderr.write(`electron double: ${request.url}: ${String(error)}\n`);
      await page.send('Fetch.failRequest', { requestId, errorReason: 'Failed' }).catch(() => undefined);
    }
  }

  #mayNavigate(url: string): boolean {
    const isExpected = url === this.#expectedUrl || fromChromium(url) === this.#url;
    this.#expectedUrl = undefined;
    return isExpected || allows(this, 'will-navigate', fromChromium(url));
  }

  async #windowOpened(url: string, frameName: string): Promise<void> {
    const { action } = this.#windowOpenHandler({ url: fromChromium(url), frameName, disposition: 'foreground-tab' });
    if (action === 'allow') return;
    const { targetInfos } = await browserSession().send<{ targetInfos: { targetId: string; openerId?: string }[] }>('Target.getTargets');
    for (const { targetId, openerId } of targetInfos) {
      if (openerId === this.#targetId) await browserSession().send('Target.closeTarget', { targetId });
    }
  }

  #markDestroyed(): void {
    if (this.#isDestroyed) return;
    this.#isDestroyed = true;
    all.delete(this.#targetId);
    this.emit('destroyed');
  }
}

async function installPreload(page: Session, preload: string): Promise<void> {
  await page.send('Runtime.addBinding', { name: bindingName, executionContextName: isolatedWorld });
  await page.send('Page.addScriptToEvaluateOnNewDocument', { source: mainWorldSource() });
  await page.send('Page.addScriptToEvaluateOnNewDocument', { source: isolatedWorldSource(preload), worldName: isolatedWorld });
}

/** Permissions are Chromium's in the double; what the application forbids is only noted. */
export const defaultSession = {
  setPermissionRequestHandler(): void {},
  setPermissionCheckHandler(): void {},
  setSpellCheckerEnabled(): void {},
};
