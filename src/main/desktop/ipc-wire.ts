/** The contract over Electron's IPC: one connection per document of a window, gone with it. Validates nothing itself: the api does. */
import { ipcMain, type IpcMainEvent, type WebContents } from 'electron';
import type { Api, ApiConnection } from '../api/api.ts';
import { watchDocuments } from './watch-documents.ts';

/** Messages a window may leave untaken; then its topics keep only their newest state until it catches up. */
const maxUntaken = 256;

interface Wire {
  readonly connection: ApiConnection;
  untaken: number;
}

/** Serves every document whose address `isOurs`; messages of any other are ignored. */
export function serveWindows(api: Pick<Api, 'connect'>, isOurs: (url: string) => boolean): void {
  const wires = new WeakMap<WebContents, Wire>();

  const disconnect = (contents: WebContents) => {
    wires.get(contents)?.connection.close();
    wires.delete(contents);
  };

  const wireOf = (contents: WebContents): Wire => {
    const known = wires.get(contents);
    if (known !== undefined) return known;
    const wire: Wire = {
      untaken: 0,
      connection: api.connect({
        canAdminister: false,
        send(message) {
          if (contents.isDestroyed()) return false;
          contents.send('shadowcat:message', message);
          wire.untaken += 1;
          return wire.untaken < maxUntaken;
        },
      }),
    };
    wires.set(contents, wire);
    return wire;
  };

  const from = (event: IpcMainEvent): Wire | undefined => {
    const url = event.senderFrame?.url;
    return url !== undefined && isOurs(url) ? wireOf(event.sender) : undefined;
  };

  ipcMain.on('shadowcat:post', (event, message: unknown) => from(event)?.connection.receive(message));

  ipcMain.on('shadowcat:taken', event => {
    const wire = from(event);
    if (wire === undefined) return;
    const wasCongested = wire.untaken >= maxUntaken;
    wire.untaken = Math.max(0, wire.untaken - 1);
    if (wasCongested && wire.untaken < maxUntaken) wire.connection.drained();
  });

  watchDocuments(disconnect);
}
