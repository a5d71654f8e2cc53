/** Opens many SSE streams and measures how long each event took from the server's write to our read. Both clocks are the machine's monotonic one. */
import { connect, type Socket } from 'node:net';

export interface SseResult {
  /** One per event, in µs. */
  readonly delaysUs: number[];
}

/** Streams run for `warmUpMs` unmeasured, then for `forMs`. Throws when a stream ends early or skips an event. */
export async function followStreams(load: { url: string; streamCount: number; warmUpMs: number; forMs: number }): Promise<SseResult> {
  const url = new URL(load.url);
  const delaysUs: number[] = [];
  let isMeasuring = false;
  let fail: (error: Error) => void = () => undefined;
  const failed = new Promise<never>((_, reject) => (fail = reject));
  failed.catch(() => undefined);
  const streams = Array.from({ length: load.streamCount }, () =>
    follow(url, fail, delayUs => {
      if (isMeasuring) delaysUs.push(delayUs);
    }),
  );
  try {
    await Promise.race([failed, sleep(load.warmUpMs)]);
    isMeasuring = true;
    await Promise.race([failed, sleep(load.forMs)]);
    if (delaysUs.length === 0) throw new Error(`No event arrived from ${url.href}`);
    return { delaysUs };
  } finally {
    for (const stream of streams) stream.removeAllListeners('close').destroy();
  }
}

const request = (url: URL) =>
  `GET ${url.pathname} HTTP/1.1\r\nHost: ${url.host}\r\nAccept: text/event-stream\r\nMcp-Session-Id: bench-streams\r\nMCP-Protocol-Version: 2025-06-18\r\n\r\n`;

const event = /"progress":(\d+),"sentAt":"(\d+)"\}\}\n\n/g;

function follow(url: URL, fail: (error: Error) => void, onEvent: (delayUs: number) => void): Socket {
  const socket = connect({ host: url.hostname, port: Number(url.port), noDelay: true });
  let text = '';
  let lastCount = 0;
  let isOpen = false;
  socket.once('connect', () => socket.write(request(url)));
  socket.on('error', fail);
  socket.on('close', () => fail(new Error(`${url.href} closed a stream`)));
  socket.on('data', chunk => {
    const now = Number(process.hrtime.bigint());
    // The framing of chunks never falls inside an event here unless an event is cut; then the rest waits for the next read.
    text += chunk.toString('latin1');
    if (!isOpen) {
      isOpen = text.startsWith('HTTP/1.1 200');
      if (!isOpen && text.length > 12) return fail(new Error(`${url.href} answered ${text.slice(0, 300)}`));
    }
    let end = 0;
    for (const match of text.matchAll(event)) {
      const count = Number(match[1]);
      if (count !== lastCount + 1) fail(new Error(`${url.href} skipped from event ${lastCount} to ${count}`));
      lastCount = count;
      onEvent((now - Number(match[2])) / 1_000);
      end = match.index + match[0].length;
    }
    text = text.slice(end);
    if (text.length > 1e6) fail(new Error(`${url.href} sends no events`));
  });
  return socket;
}

const sleep = (ms: number) => new Promise<void>(resolve => setTimeout(resolve, ms));
