/** The contract over Electron's IPC: one connection per document of a window, gone with it. Validates nothing itself: the api does. */
import { app, ipcMain, type IpcMainEvent, type WebContents } from 'electron';
import type { Api, ApiConnection } from '../api/api.ts';

/**
 * Messages a window may leave untaken; then its topics keep only their newest state until it caught up. Electron tells
 * nobody how much waits for a page, so messages are counted; few, because one may carry 4 MiB of a body.
 */
const maxUntaken = 32;
/** At this many it takes messages again; the gap keeps it from flapping. */
const drainedUntaken = 8;

interface Wire {
  readonly connection: ApiConnection;
  untaken: number;
  /** From `maxUntaken` until `drainedUntaken`: what is held back meanwhile must not be overtaken. */
  isCongested: boolean;
}

/** Serves every document whose address `isOurs`; messages of any other are ignored. Call before the first window opens. */
export function serveWindows(api: Pick<Api, 'connect'>, isOurs: (url: string) => boolean): void {
  const wires = new WeakMap<WebContents, Wire>();

  const disconnect = (contents: WebContents) => {
    wires.get(contents)?.connection.close();
    wires.delete(contents);
  };

  const isFromOurs = (event: IpcMainEvent) => event.senderFrame !== null && isOurs(event.senderFrame.url) && !event.sender.isDestroyed();

  // The bridge of each new document says this first. What the document before it still posts then finds no
  // wire of its own; closing at the start of a navigation instead would cut off a page that stays after all.
  ipcMain.on('shadowcat:open', event => {
    disconnect(event.sender);
    if (isFromOurs(event)) wires.set(event.sender, openWire(api, event.sender));
  });

  ipcMain.on('shadowcat:post', (event, message: unknown) => {
    if (isFromOurs(event)) wires.get(event.sender)?.connection.receive(message);
  });

  ipcMain.on('shadowcat:taken', event => {
    const wire = wires.get(event.sender);
    if (wire === undefined) return;
    wire.untaken = Math.max(0, wire.untaken - 1);
    if (!wire.isCongested || wire.untaken > drainedUntaken) return;
    wire.isCongested = false;
    wire.connection.drained();
  });

  app.on('web-contents-created', (_event, contents) => {
    contents.on('render-process-gone', () => disconnect(contents));
    contents.once('destroyed', () => disconnect(contents));
  });
}

function openWire(api: Pick<Api, 'connect'>, contents: WebContents): Wire {
  const wire: Wire = {
    untaken: 0,
    isCongested: false,
    connection: api.connect({
      canAdminister: false,
      send(message) {
        if (contents.isDestroyed()) return false;
        contents.send('shadowcat:message', message);
        wire.untaken += 1;
        wire.isCongested ||= wire.untaken >= maxUntaken;
        return !wire.isCongested;
      },
    }),
  };
  return wire;
}
