/** The contract over WebSockets: JSON text messages, with the congestion of each peer told to the api instead of queued without end. */
import { WebSocket, WebSocketServer } from 'ws';
import type { HostMessage } from '../../shared/contract/wire.ts';
import type { Api } from '../api/api.ts';
import type { Logger } from '../ports.ts';

/** From here on a peer counts as congested: topics keep only their newest state and its calls wait. */
const CONGESTED_BYTES = 1024 * 1024;
/** Below this it takes messages again; the gap keeps it from flapping. */
const DRAINED_BYTES = 256 * 1024;
/** A peer that lets this much pile up has stopped reading; it is disconnected and may come back. */
const GIVE_UP_BYTES = 64 * 1024 * 1024;
/** The largest input of a call is a filter or the preferences; nothing comes near this. */
const MAX_MESSAGE_BYTES = 1024 * 1024;
const CLOSE_DEADLINE_MS = 500;

const BAD_DATA = 1007;
const GOING_AWAY = 1001;

export interface ContractSockets {
  readonly server: WebSocketServer;
  readonly count: number;
  /** Speaks the contract with a peer that was let in. */
  serve(socket: WebSocket, canAdminister: boolean): void;
  /** Says goodbye to everybody; who does not answer in time is cut off. */
  close(): Promise<void>;
}

/** One per HTTP server. */
export function contractSockets({ api, log }: { api: Api; log: Logger }): ContractSockets {
  const server = new WebSocketServer({ noServer: true, maxPayload: MAX_MESSAGE_BYTES, perMessageDeflate: false });
  const open = new Set<WebSocket>();
  return {
    server,
    get count() {
      return open.size;
    },
    serve(socket, canAdminister) {
      open.add(socket);
      socket.once('close', () => open.delete(socket));
      serveSocket(socket, canAdminister, api, log);
    },
    async close() {
      const closed = [...open].map(socket => new Promise<void>(resolve => socket.once('close', () => resolve())));
      for (const socket of open) socket.close(GOING_AWAY, 'The host stops');
      const cut = setTimeout(() => {
        for (const socket of open) socket.terminate();
      }, CLOSE_DEADLINE_MS);
      await Promise.all(closed);
      clearTimeout(cut);
      server.close();
    },
  };
}

function serveSocket(socket: WebSocket, canAdminister: boolean, api: Api, log: Logger): void {
  let isCongested = false;
  const flushed = () => {
    if (!isCongested || socket.bufferedAmount > DRAINED_BYTES || socket.readyState !== WebSocket.OPEN) return;
    isCongested = false;
    socket.resume();
    connection.drained();
  };
  const connection = api.connect({
    canAdminister,
    send(message: HostMessage) {
      if (socket.readyState !== WebSocket.OPEN) return true;
      socket.send(JSON.stringify(message), flushed);
      if (socket.bufferedAmount > GIVE_UP_BYTES) {
        log.warn('A client of the contract stopped reading and was disconnected', { bufferedBytes: socket.bufferedAmount });
        socket.terminate();
      } else if (socket.bufferedAmount > CONGESTED_BYTES) {
        isCongested = true;
        // Whoever does not read answers gets to ask no more: its next calls stay in its own buffers.
        socket.pause();
      }
      return !isCongested;
    },
  });
  socket.on('message', (data, isBinary) => {
    const message = isBinary ? undefined : jsonOf(String(data as Buffer));
    if (message === undefined) socket.close(BAD_DATA, 'Messages are JSON objects in text');
    else connection.receive(message);
  });
  socket.on('error', error => log.debug('A client of the contract broke', { error: String(error) }));
  socket.once('close', () => connection.close());
}

function jsonOf(text: string): unknown {
  try {
    return JSON.parse(text) as unknown;
  } catch {
    return undefined;
  }
}
