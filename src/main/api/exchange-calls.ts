/** Calls about one exchange: everything around it, and its bodies, masked unless revealed. */
import type { ExchangeDetail } from '../../shared/contract/calls.ts';
import { TrafficError } from '../../shared/errors/error-table.ts';
import type { FrameSummary } from '../../shared/model/frame.ts';
import { maskText } from '../../shared/redaction/mask-text.ts';
import type { ApiDeps } from './api-deps.ts';
import type { CallHandlers } from './serve-calls.ts';

const MAX_FRAMES = 1000;

type ExchangeCalls = Pick<CallHandlers, 'exchange.get' | 'exchange.find' | 'frame.body'>;

export function exchangeCalls({ store, log }: ApiDeps): ExchangeCalls {
  return {
    'exchange.find': async ({ exchangeId }) => {
      const exchange = await store.exchangeByKey(exchangeId);
      if (exchange === undefined) throw new TrafficError('NOT_FOUND', 'That exchange is not recorded any more.');
      return { id: exchange.id };
    },
    'exchange.get': async ({ id }): Promise<ExchangeDetail> => {
      const exchange = await store.exchange(id);
      if (exchange === undefined) throw new TrafficError('NOT_FOUND', 'That row is gone.');
      const [session, frames, related] = await Promise.all([
        store.session(exchange.sessionId),
        store.frames({ sessionId: exchange.sessionId, afterSeq: 0, limit: MAX_FRAMES + 1, exchangeId: exchange.exchangeId }),
        store.related(id),
      ]);
      if (session === undefined) throw new TrafficError('NOT_FOUND', 'The session of that row was deleted.');
      // A batch carries several exchanges in one frame, which names only the first of them.
      const missing = [exchange.requestSeq, exchange.responseSeq].filter(
        seq => seq !== undefined && !frames.some(frame => frame.seq === seq),
      );
      const more: FrameSummary[] = [];
      for (const seq of missing as number[])
        more.push(...(await store.frames({ sessionId: exchange.sessionId, afterSeq: seq - 1, limit: 1 })));
      const all = [...frames, ...more].sort((one, other) => one.seq - other.seq);
      return {
        exchange,
        session,
        frames: all.slice(0, MAX_FRAMES),
        hasMoreFrames: all.length > MAX_FRAMES,
        related: [...related.rows],
        sameTarget: related.sameTarget,
      };
    },
    'frame.body': async query => {
      const { reveal, ...where } = query;
      const body = await store.body(where);
      if (body === undefined) throw new TrafficError('NOT_FOUND', 'That frame has no recorded body.');
      if (reveal) log.info('A body was revealed', { sessionId: query.sessionId, seq: query.seq });
      const text = utf8Of(body.bytes, body.offset, body.offset + body.bytes.length < body.storedBytes);
      const base = { offset: body.offset, storedBytes: body.storedBytes, sizeBytes: body.sizeBytes };
      if (text === undefined) return { ...base, encoding: 'base64', text: Buffer.from(body.bytes).toString('base64'), maskedCount: 0 };
      const masked = reveal ? { text, count: 0 } : maskText(text);
      return { ...base, encoding: 'utf8', text: masked.text, maskedCount: masked.count };
    },
  };
}

/** The slice as text, or undefined when it is no UTF-8. A character cut at either end of a slice does not make it binary. */
function utf8Of(bytes: Uint8Array, offset: number, isCutAtEnd: boolean): string | undefined {
  let start = 0;
  let end = bytes.length;
  if (offset > 0) while (start < Math.min(3, end) && ((bytes[start] as number) & 0xc0) === 0x80) start += 1;
  if (isCutAtEnd)
    for (let back = 1; back <= Math.min(3, end); back += 1) {
      const byte = bytes[end - back] as number;
      if ((byte & 0xc0) === 0x80) continue;
      const needed = byte >= 0xf0 ? 4 : byte >= 0xe0 ? 3 : byte >= 0xc0 ? 2 : 1;
      if (needed > back) end -= back;
      break;
    }
  try {
    return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes.subarray(start, end));
  } catch {
    return undefined;
  }
}
