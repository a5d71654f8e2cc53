/** What a listener, a tap or the hub saw, before the conversation gives it a number and a meaning. */
import { factsOf, type MessageFacts } from '../../shared/mcp/facts.ts';
import { readBody, type ReadBody, type RpcMessage } from '../../shared/mcp/json-rpc.ts';
import type { Delivery, Direction, Flag, HttpHead } from '../../shared/model/frame.ts';
import type { CopiedBody } from './body-copy.ts';
import type { FrameRecord } from './records.ts';

export interface Sighting {
  readonly direction: Direction;
  readonly delivery: Delivery;
  readonly at: number;
  readonly monotonicUs: number;
  readonly body: CopiedBody;
  /** The text to read when `body` is not plain (gzip), or is wrapped (the data of an SSE event). */
  readonly text?: string;
  /** Given by the shim, which numbers its own frames; otherwise the conversation counts. */
  readonly seq?: number;
  readonly hopId?: string;
  readonly http?: HttpHead;
  readonly eventId?: string;
  readonly contentEncoding?: string;
  readonly flags?: readonly Flag[];
  /** What was delivered, when a stage changed it. */
  readonly delivered?: Uint8Array;
  /** What stages decided about it, outermost first. */
  readonly verdicts?: FrameRecord['verdicts'];
  /** What the text says, where guards have read it already. */
  readonly reading?: Reading;
  /** Who asked, in JSON; of requests on guarded routes. */
  readonly asker?: string;
}

export interface ReadMessage {
  readonly message: RpcMessage;
  readonly facts: MessageFacts;
}

/** A sighting, read: messages in order, or why there are none. */
export type Reading =
  | { readonly kind: 'messages'; readonly items: readonly ReadMessage[]; readonly isBatch: boolean }
  | { readonly kind: 'none' }
  | { readonly kind: 'unreadable' };

/** The messages of a whole body, read without a sighting; for guards, which decide before anything is noted. */
export function readMessages(text: string): Reading {
  return text.trim() === '' ? { kind: 'none' } : flatten(readBody(text));
}

/** Reads what a sighting carries. Bodies too long to keep as text are judged by the facts that their scan kept. */
export function readSighting(sighting: Sighting): Reading {
  if (sighting.delivery === 'stderr' || sighting.delivery === 'lifecycle' || sighting.delivery === 'head') return { kind: 'none' };
  if (sighting.reading !== undefined) return sighting.reading;
  const { body } = sighting;
  if (sighting.text === undefined && body.facts !== undefined) return readFacts(body.facts);
  const text = sighting.text ?? Buffer.from(body.bytes.buffer, body.bytes.byteOffset, body.bytes.byteLength).toString('utf8');
  if (text.trim() === '') return { kind: 'none' };
  return flatten(readBody(text));
}

function readFacts(facts: NonNullable<CopiedBody['facts']>): Reading {
  const { idText, method } = facts;
  const message = ((): RpcMessage | undefined => {
    if (method !== undefined)
      return idText === undefined
        ? { kind: 'notification', method, params: undefined }
        : { kind: 'request', idText, method, params: undefined };
    if (idText === undefined) return undefined;
    if (facts.hasResult) return { kind: 'result', idText, result: undefined };
    return facts.hasError ? { kind: 'error', idText, error: { code: 0, message: '' } } : undefined;
  })();
  if (message === undefined) return { kind: 'unreadable' };
  return { kind: 'messages', items: [{ message, facts: factsOf(message) }], isBatch: false };
}

function flatten(read: ReadBody): Reading {
  switch (read.kind) {
    case 'invalid':
      return { kind: 'unreadable' };
    case 'message':
      return { kind: 'messages', items: [{ message: read.message, facts: factsOf(read.message) }], isBatch: false };
    case 'batch': {
      const items = read.items.flatMap(item => (item.kind === 'message' ? [{ message: item.message, facts: factsOf(item.message) }] : []));
      return items.length === 0 ? { kind: 'unreadable' } : { kind: 'messages', items, isBatch: true };
    }
  }
}
