/**
 * A cheap HTTP load generator: raw kept connections, one request again and again, answers only measured, never parsed beyond
 * their length. An answer other than 200 ends the run: a figure with errors in it is no figure.
 */
import { connect, type Socket } from 'node:net';
import { type Call, idWriter, plainCall, requestBytes, takeIds } from './message.ts';

export interface LoadResult {
  /** One per answer, in µs. */
  readonly latenciesUs: number[];
  readonly elapsedMs: number;
}

/** With the last answer as text, head and body. */
export interface LoopResult extends LoadResult {
  readonly lastAnswer: string;
}

/** Each connection sends the next request as soon as it has its answer. Ends at `maxCount` answers or after `maxMs`. */
export async function closedLoop(load: {
  url: string;
  connectionCount: number;
  maxCount: number;
  maxMs: number;
  call?: Call;
}): Promise<LoopResult> {
  const url = new URL(load.url);
  const connections = await openAll(url, load.connectionCount, load.call);
  const latenciesUs: number[] = [];
  const startedAt = performance.now();
  let sentCount = 0;
  const keepSending = (connection: Connection) =>
    new Promise<void>((resolve, reject) => {
      const next = () => {
        if (sentCount >= load.maxCount || performance.now() - startedAt >= load.maxMs) return resolve();
        sentCount += 1;
        const sentAt = performance.now();
        connection.send(error => {
          if (error !== undefined) return reject(error);
          latenciesUs.push((performance.now() - sentAt) * 1_000);
          next();
        });
      };
      next();
    });
  try {
    await Promise.all(connections.map(keepSending));
    const elapsedMs = performance.now() - startedAt;
    return { latenciesUs, elapsedMs, lastAnswer: connections[0]?.lastAnswer() ?? '' };
  } finally {
    for (const connection of connections) connection.close();
  }
}

/**
 * A steady rate, whether or not answers keep up: a request that finds no free connection waits, and its waiting counts
 * as latency. The connections' number is the bound of what is under way.
 */
export async function steadyRate(load: { url: string; connectionCount: number; perSecond: number; forMs: number }): Promise<LoadResult> {
  const url = new URL(load.url);
  const connections = await openAll(url, load.connectionCount);
  const free = [...connections];
  const waitingSince: number[] = [];
  const latenciesUs: number[] = [];
  const totalCount = Math.round((load.perSecond * load.forMs) / 1_000);
  const startedAt = performance.now();
  let releasedCount = 0;
  try {
    await new Promise<void>((resolve, reject) => {
      const sendWaiting = () => {
        while (waitingSince.length > 0 && free.length > 0) {
          const connection = free.pop() as Connection;
          const since = waitingSince.shift() as number;
          connection.send(error => {
            if (error !== undefined) return reject(error);
            latenciesUs.push((performance.now() - since) * 1_000);
            free.push(connection);
            if (latenciesUs.length === totalCount) resolve();
            else sendWaiting();
          });
        }
      };
      const tick = () => {
        const now = performance.now();
        const dueCount = Math.min(totalCount, Math.floor(((now - startedAt) / 1_000) * load.perSecond));
        for (; releasedCount < dueCount; releasedCount += 1) waitingSince.push(now);
        sendWaiting();
        if (releasedCount < totalCount) setTimeout(tick, 1);
      };
      tick();
    });
    return { latenciesUs, elapsedMs: performance.now() - startedAt };
  } finally {
    for (const connection of connections) connection.close();
  }
}

interface Connection {
  /** One request at a time; called back when the whole answer is here, or with what went wrong. */
  send(done: (error?: Error) => void): void;
  lastAnswer(): string;
  close(): void;
}

function openAll(url: URL, count: number, call: Call = plainCall): Promise<Connection[]> {
  // Each connection has bytes of its own: a number is written into them while those of others are on their way.
  return Promise.all(Array.from({ length: count }, () => open(url, requestBytes(url, call))));
}

const answerDeadlineMs = 10_000;

async function open(url: URL, request: Buffer): Promise<Connection> {
  const socket = await connected(url);
  const number = idWriter(request);
  let waiting: ((error?: Error) => void) | undefined;
  let received: Buffer = Buffer.alloc(0);
  let last = received;
  let end = -1;
  const finish = (error?: Error) => {
    const done = waiting;
    waiting = undefined;
    done?.(error);
  };
  socket.setTimeout(answerDeadlineMs, () => finish(new Error(`${url.href} did not answer within ${answerDeadlineMs} ms`)));
  socket.on('error', finish);
  socket.on('close', () => finish(new Error(`${url.href} closed the connection`)));
  socket.on('data', chunk => {
    received = received.length === 0 ? chunk : Buffer.concat([received, chunk]);
    try {
      if (end === -1) end = endOfAnswer(received, url);
    } catch (error) {
      return finish(error as Error);
    }
    // An unknown length (-1) is looked for again with the next chunk.
    if (end === -1 || received.length < end) return;
    last = received;
    received = Buffer.alloc(0);
    end = -1;
    finish();
  });
  return {
    send(done) {
      waiting = done;
      if (socket.destroyed) finish(new Error(`${url.href} closed the connection`));
      else {
        number(takeIds(1));
        socket.write(request);
      }
    },
    lastAnswer: () => last.toString('latin1'),
    close: () => socket.destroy(),
  };
}

/** Where the answer ends; -1 while that is not known. */
function endOfAnswer(bytes: Buffer, url: URL): number {
  const headEnd = bytes.indexOf('\r\n\r\n');
  if (headEnd === -1) return -1;
  const head = bytes.toString('latin1', 0, headEnd);
  if (!head.startsWith('HTTP/1.1 200')) throw new Error(`${url.href} answered ${bytes.toString('latin1', 0, 500)}`);
  const length = /\r\ncontent-length: *(\d+)/i.exec(head);
  if (length !== null) return headEnd + 4 + Number(length[1]);
  return bytes.toString('latin1', bytes.length - 5) === '0\r\n\r\n' ? bytes.length : -1;
}

function connected(url: URL): Promise<Socket> {
  return new Promise((resolve, reject) => {
    const socket = connect({ host: url.hostname, port: Number(url.port), noDelay: true });
    socket.once('connect', () => {
      socket.off('error', reject);
      resolve(socket);
    });
    socket.once('error', reject);
  });
}
