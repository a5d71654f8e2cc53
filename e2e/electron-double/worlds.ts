/**
 * What the double puts into a page: the main world gets whatever the preload exposes, the isolated world runs
 * the preload with `contextBridge` and `ipcRenderer`. The worlds share no objects, only the DOM, so calls,
 * callbacks and promises between them travel as JSON in DOM events. Values are JSON, as in our contract.
 */

/** Name of the world the preload runs in; its binding to Node is visible there alone. */
export const isolatedWorld = 'Electron Isolated Context';
export const bindingName = '__electronDoublePost';
export const receiverName = '__electronDoubleReceive';

/** Source for the main world. */
export function mainWorldSource(): string {
  return `(${openWorld.toString()})('main', 'isolated');`;
}

/** Source for the isolated world: the bridge, Electron's renderer modules, and the preload as built. */
export function isolatedWorldSource(preload: string): string {
  const electron = `(${electronForPreload.toString()})((${openWorld.toString()})('isolated', 'main'), ${JSON.stringify({ bindingName, receiverName })})`;
  // A sandboxed preload may require Electron's renderer modules and nothing from the disk.
  return `((electron) => {
    const module = { exports: {} };
    const require = name => {
      if (name !== 'electron') throw new Error('module not found: ' + name);
      return electron;
    };
    (function (require, module, exports) {\n${preload}\n})(require, module, module.exports);
  })(${electron});`;
}

type Json = unknown;

/** Runs in the page, in both worlds: sends calls to the other world and answers those that come from there. */
function openWorld(me: string, other: string): { expose(name: string, api: object): void } {
  const kept = new Map<number, (...args: unknown[]) => unknown>();
  const promised = new Map<number, { resolve(value: unknown): void; reject(error: Error): void }>();
  let lastId = 0;
  let answer: { value?: Json; error?: string } | undefined;
  const unsent: object[] = [];
  let isOtherOpen = false;

  const keep = (value: (...args: unknown[]) => unknown): number => {
    lastId += 1;
    kept.set(lastId, value);
    return lastId;
  };

  const pack = (value: unknown): Json => {
    if (typeof value === 'function') return { $function: keep(value as () => unknown) };
    if (value instanceof Promise) {
      lastId += 1;
      const id = lastId;
      value.then(
        result => post({ type: 'settle', id, value: pack(result) }),
        (error: unknown) => post({ type: 'settle', id, error: String(error instanceof Error ? error.message : error) }),
      );
      return { $promise: id };
    }
    if (value === undefined) return { $undefined: true };
    if (ArrayBuffer.isView(value) || value instanceof ArrayBuffer) throw new Error('The test double of Electron carries JSON only');
    if (Array.isArray(value)) return value.map(pack);
    if (typeof value !== 'object' || value === null) return value;
    return Object.fromEntries(Object.entries(value).map(([key, inner]) => [key, pack(inner)]));
  };

  const unpack = (value: Json): unknown => {
    if (Array.isArray(value)) return value.map(unpack);
    if (typeof value !== 'object' || value === null) return value;
    const { $function, $promise, $undefined } = value as { $function?: number; $promise?: number; $undefined?: boolean };
    if ($undefined) return undefined;
    if ($function !== undefined) return (...args: unknown[]) => callOther($function, args);
    if ($promise !== undefined) return new Promise((resolve, reject) => promised.set($promise, { resolve, reject }));
    return Object.fromEntries(Object.entries(value).map(([key, inner]) => [key, unpack(inner)]));
  };

  const post = (message: object): void => {
    if (isOtherOpen) window.dispatchEvent(new CustomEvent(`electron-double:${other}`, { detail: JSON.stringify(message) }));
    else unsent.push(message);
  };

  const callOther = (id: number, args: unknown[]): unknown => {
    answer = undefined;
    post({ type: 'call', id, args: args.map(pack) });
    // DOM events are synchronous: the other world has answered by now.
    const { value, error }: { value?: Json; error?: string } = answer ?? { error: 'the other world did not answer' };
    if (error !== undefined) throw new Error(error);
    return unpack(value);
  };

  const handle = (message: { type: string; id: number; args: Json[]; value?: Json; error?: string; name: string; api: Json }): void => {
    if (message.type === 'open') {
      if (!isOtherOpen) {
        isOtherOpen = true;
        post({ type: 'open' });
        for (const waiting of unsent.splice(0)) post(waiting);
      }
    } else if (message.type === 'expose') {
      Object.defineProperty(globalThis, message.name, { value: Object.freeze(unpack(message.api)), enumerable: true });
    } else if (message.type === 'answer') {
      answer = message;
    } else if (message.type === 'settle') {
      const waiting = promised.get(message.id);
      promised.delete(message.id);
      if (message.error === undefined) waiting?.resolve(unpack(message.value));
      else waiting?.reject(new Error(message.error));
    } else if (message.type === 'call') {
      try {
        post({ type: 'answer', value: pack(kept.get(message.id)?.(...message.args.map(unpack))) });
      } catch (error) {
        post({ type: 'answer', error: error instanceof Error ? error.message : String(error) });
      }
    }
  };

  window.addEventListener(`electron-double:${me}`, event => {
    handle(JSON.parse((event as CustomEvent<string>).detail) as Parameters<typeof handle>[0]);
  });
  // Whichever world opens second finds the first one listening.
  window.dispatchEvent(new CustomEvent(`electron-double:${other}`, { detail: JSON.stringify({ type: 'open' }) }));

  return { expose: (name, api) => post({ type: 'expose', name, api: pack(api) }) };
}

/** Runs in the isolated world: the two renderer modules our preload uses. */
function electronForPreload(
  world: { expose(name: string, api: object): void },
  { bindingName: binding, receiverName: receiver }: { bindingName: string; receiverName: string },
): object {
  const globals = globalThis as unknown as Record<string, (text: string) => void>;
  const listeners = new Map<string, Set<(...args: unknown[]) => void>>();
  const invoked = new Map<number, { resolve(value: unknown): void; reject(error: Error): void }>();
  let lastId = 0;
  const post = (message: object): void => globals[binding]?.(JSON.stringify(message));

  globals[receiver] = text => {
    const message = JSON.parse(text) as { id?: number; channel?: string; args?: unknown[]; value?: unknown; error?: string };
    if (message.channel !== undefined) {
      for (const listener of listeners.get(message.channel) ?? []) listener({ sender: ipcRenderer }, ...(message.args ?? []));
      return;
    }
    const waiting = invoked.get(message.id ?? 0);
    invoked.delete(message.id ?? 0);
    if (message.error === undefined) waiting?.resolve(message.value);
    else waiting?.reject(new Error(message.error));
  };

  const ipcRenderer = {
    send: (channel: string, ...args: unknown[]) => post({ type: 'send', channel, args }),
    invoke: (channel: string, ...args: unknown[]) =>
      new Promise((resolve, reject) => {
        lastId += 1;
        invoked.set(lastId, { resolve, reject });
        post({ type: 'invoke', id: lastId, channel, args });
      }),
    on(channel: string, listener: (...args: unknown[]) => void) {
      listeners.set(channel, (listeners.get(channel) ?? new Set()).add(listener));
      return ipcRenderer;
    },
    off(channel: string, listener: (...args: unknown[]) => void) {
      listeners.get(channel)?.delete(listener);
      return ipcRenderer;
    },
  };
  return { ipcRenderer, contextBridge: { exposeInMainWorld: world.expose } };
}
