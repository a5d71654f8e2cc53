/** Reads the events of an answer, one after the other, no faster than the client takes them. */
import { SseReader } from '../../../shared/mcp/sse-reader.ts';
import { Parts } from '../../support/parts.ts';
import type { HttpReply } from './http-client.ts';

export interface ServerEvent {
  /** `message` where the event has no name. */
  readonly name: string;
  readonly id?: string;
  /** Milliseconds after which to come back. */
  readonly retryMs?: number;
  /** Undefined on an event that only has an id. */
  readonly data?: Buffer;
}

/** Far above any honest message; a server beyond it would fill our memory with one event. */
const MAX_EVENT_BYTES = 64 * 1024 * 1024;

/** Calls `take` for every event and waits for `ready` between chunks. Resolves at the end of the stream, rejects when it is cut. */
export async function readEvents(
  reply: HttpReply,
  take: (event: ServerEvent) => void,
  ready: () => Promise<unknown> | undefined,
): Promise<void> {
  const parts = new Parts();
  let sizeBytes = 0;
  const reader = new SseReader({
    raw: () => undefined,
    data(bytes) {
      sizeBytes += bytes.length;
      if (sizeBytes > MAX_EVENT_BYTES) throw new Error(`an event has more than ${MAX_EVENT_BYTES} bytes`);
      parts.push(bytes);
    },
    end({ name, id, retry, hasData, isComplete }) {
      const all = parts.joined();
      const data = Buffer.from(all.buffer, all.byteOffset, all.byteLength);
      parts.clear();
      sizeBytes = 0;
      if (!isComplete) return;
      take({
        name: name === '' ? 'message' : name,
        ...(id === undefined ? {} : { id }),
        ...(retry !== undefined && /^\d{1,9}$/.test(retry) ? { retryMs: Number(retry) } : {}),
        ...(hasData && data.length > 0 ? { data } : {}),
      });
    },
  });
  for await (const chunk of reply.body as AsyncIterable<Buffer>) {
    reader.push(chunk);
    const wait = ready();
    if (wait !== undefined) await wait;
  }
  reader.finish();
}
