/** A client of the contract over the headless host's WebSocket, with the host's secret: what the command line talks through. */
import { once } from 'node:events';
import { WebSocket } from 'ws';
import type { CallInput, CallName, CallOutput } from '../../shared/contract/calls.ts';
import type { TopicMessage, TopicName, TopicParams } from '../../shared/contract/topics.ts';
import { contractVersion, type ClientMessage, type HostMessage, type Reply } from '../../shared/contract/wire.ts';
import { TrafficError } from '../../shared/errors/error-table.ts';

/** Bodies come in slices of at most 4 MiB, which escaping may triple; anything larger is no reply of ours. */
const MAX_MESSAGE_BYTES = 32 * 1024 * 1024;

export interface HostConnection {
  /** Rejects with a `TrafficError` of the host's own code, or SHUTTING_DOWN when the host went away. */
  call<N extends CallName>(name: N, input: CallInput<N>): Promise<CallOutput<N>>;
  /** Follows a topic. Returns the way to stop. */
  subscribe<N extends TopicName>(topic: N, params: TopicParams<N>, onMessage: (message: TopicMessage<N>, seq: number) => void): () => void;
  /** Resolves when the connection is gone, whoever closed it. */
  readonly closed: Promise<void>;
  close(): void;
}

/** Connects within the deadline; rejects when nothing answers or the host refuses, saying why. */
export async function connectToHost(to: { apiUrl: string; secret: string; deadlineMs: number }): Promise<HostConnection> {
  const socket = new WebSocket(`${to.apiUrl}?version=${contractVersion}`, {
    headers: { authorization: `Bearer ${to.secret}` },
    maxPayload: MAX_MESSAGE_BYTES,
    handshakeTimeout: to.deadlineMs,
    perMessageDeflate: false,
  });
  const refusal = refusalOf(socket);
  await Promise.race([once(socket, 'open'), refusal]);
  return overSocket(socket);
}

/** Rejects when the host answers the handshake with anything but a WebSocket. */
function refusalOf(socket: WebSocket): Promise<never> {
  const refusal = new Promise<never>((_, reject) => {
    socket.once('unexpected-response', (_request, response) => {
      let text = '';
      response.setEncoding('utf8').on('data', (chunk: string) => (text = (text + chunk).slice(0, 4096)));
      response.once('end', () => {
        socket.terminate();
        // 409: another contract version. 503: no place left.
        const isConflict = response.statusCode === 409 || response.statusCode === 503;
        reject(new TrafficError(isConflict ? 'CONFLICT' : 'NOT_ALLOWED', messageIn(text)));
      });
    });
  });
  // `once` above rejects on a plain network error; then nobody listens here any more.
  refusal.catch(() => undefined);
  return refusal;
}

function messageIn(text: string): string {
  try {
    const message = (JSON.parse(text) as { message?: unknown }).message;
    return typeof message === 'string' ? message : 'The host refused the connection.';
  } catch {
    return 'The host refused the connection.';
  }
}

function overSocket(socket: WebSocket): HostConnection {
  const calls = new Map<number, (reply: Reply<unknown>) => void>();
  const subscriptions = new Map<number, (message: unknown, seq: number) => void>();
  let lastId = 0;
  const send = (message: ClientMessage) => {
    if (socket.readyState === WebSocket.OPEN) socket.send(JSON.stringify(message));
  };
  const gone: Reply<never> = { ok: false, code: 'SHUTTING_DOWN', message: 'The host went away.' };

  socket.on('message', (data, isBinary) => {
    if (isBinary) return;
    const message = JSON.parse(String(data as Buffer)) as HostMessage;
    if (message.type === 'reply') {
      calls.get(message.id)?.(message.reply);
      calls.delete(message.id);
    } else if (message.type === 'message') subscriptions.get(message.id)?.(message.message, message.seq);
    else subscriptions.delete(message.id);
  });
  // The close that follows tells all there is to tell.
  socket.on('error', () => undefined);
  const closed = new Promise<void>(resolve => {
    socket.once('close', () => {
      for (const answer of calls.values()) answer(gone);
      calls.clear();
      subscriptions.clear();
      resolve();
    });
  });

  return {
    async call(name, input) {
      const id = (lastId += 1);
      const reply = await new Promise<Reply<unknown>>(resolve => {
        if (socket.readyState !== WebSocket.OPEN) return resolve(gone);
        calls.set(id, resolve);
        send({ type: 'call', id, name, input });
      });
      if (!reply.ok) throw new TrafficError(reply.code, reply.message);
      return reply.value as never;
    },
    subscribe(topic, params, onMessage) {
      const id = (lastId += 1);
      subscriptions.set(id, onMessage as (message: unknown, seq: number) => void);
      send({ type: 'subscribe', id, topic, params });
      return () => {
        if (subscriptions.delete(id)) send({ type: 'unsubscribe', id });
      };
    },
    closed,
    close: () => socket.close(1000),
  };
}
