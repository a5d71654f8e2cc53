/** Electron's `ipcMain`, and how a message from a page's isolated world reaches it. */
import { EventEmitter } from 'node:events';

type Handler = (event: unknown, ...args: unknown[]) => unknown;

class IpcMain extends EventEmitter {
  readonly #handlers = new Map<string, Handler>();

  handle(channel: string, handler: Handler): void {
    if (this.#handlers.has(channel)) throw new Error(`Attempted to register a second handler for '${channel}'`);
    this.#handlers.set(channel, handler);
  }

  removeHandler(channel: string): void {
    this.#handlers.delete(channel);
  }

  async invoke(channel: string, event: unknown, args: readonly unknown[]): Promise<unknown> {
    const handler = this.#handlers.get(channel);
    if (handler === undefined) throw new Error(`No handler registered for '${channel}'`);
    return handler(event, ...args);
  }
}

export const ipcMain = new IpcMain();

/** What the preload's `ipcRenderer` posts. */
export type Posted =
  | { readonly type: 'send'; readonly channel: string; readonly args: readonly unknown[] }
  | { readonly type: 'invoke'; readonly id: number; readonly channel: string; readonly args: readonly unknown[] };

/** Delivers one posted message; the answer to an invoke goes back through `reply`. */
export async function deliver(posted: Posted, event: object, reply: (answer: object) => void): Promise<void> {
  if (posted.type === 'send') {
    ipcMain.emit(posted.channel, event, ...posted.args);
    return;
  }
  try {
    reply({ id: posted.id, value: await ipcMain.invoke(posted.channel, event, posted.args) });
  } catch (error) {
    // Electron's own wording: the page sees which channel failed.
    reply({ id: posted.id, error: `Error invoking remote method '${posted.channel}': ${String(error)}` });
  }
}
