/**
 * A numbered frame as the payload of a message: seq, at, monotonicUs, sizeBytes (f64 each), bits (u8),
 * then, where the copy is not whole, length (u16) and JSON of what is known of the whole, then the copy.
 */
import type { TopLevelFacts } from '../mcp/top-level-scan.ts';
import type { Direction } from '../model/frame.ts';
import { checkedBytes, messageHeadBytes, sealMessage, type Crc32 } from './message-coding.ts';
import { messageType } from './protocol.ts';

export type ShimDelivery = 'line' | 'stderr' | 'lifecycle';

export interface ShimFrameHead {
  /** From 1, without gaps. */
  readonly seq: number;
  readonly at: number;
  readonly monotonicUs: number;
  readonly direction: Direction;
  readonly delivery: ShimDelivery;
  /** Of the whole line, without its line feed. */
  readonly sizeBytes: number;
  /** The copy was left out because the spool was full. */
  readonly isDropped: boolean;
  /** Present where the copy is shorter than the line. */
  readonly whole?: WholeFacts;
}

/** What is known of a line that is not kept whole. */
export interface WholeFacts {
  /** SHA-256, hex; absent where a body was dropped. */
  readonly contentHash?: string;
  readonly facts: TopLevelFacts;
}

export interface ShimFrame extends ShimFrameHead {
  readonly body: Uint8Array;
}

const deliveries: readonly ShimDelivery[] = ['line', 'stderr', 'lifecycle'];
const fromServerBit = 4;
const wholeBit = 8;
const droppedBit = 16;
const headBytes = 33;

/** Bodies from here on are not copied into the message: their parts follow it as they are. */
const referenceFromBytes = 64 * 1024;

/** The whole message in one piece, or with a large body in several, which must not be changed any more. */
export function encodeFrame(head: ShimFrameHead, body: readonly Uint8Array[], crc32: Crc32): readonly Uint8Array[] {
  const whole = head.whole === undefined ? undefined : new TextEncoder().encode(JSON.stringify(head.whole));
  const bodyBytes = body.length === 1 ? (body[0] as Uint8Array).length : body.reduce((sum, part) => sum + part.length, 0);
  const bodyAt = messageHeadBytes + headBytes + (whole === undefined ? 0 : 2 + whole.length);
  const copiedBytes = bodyBytes < referenceFromBytes ? bodyBytes : checkedBytes;
  const bytes = new Uint8Array(bodyAt + copiedBytes);
  const view = new DataView(bytes.buffer, messageHeadBytes);
  view.setFloat64(0, head.seq);
  view.setFloat64(8, head.at);
  view.setFloat64(16, head.monotonicUs);
  view.setFloat64(24, head.sizeBytes);
  view.setUint8(32, bitsOf(head));
  if (whole !== undefined) {
    view.setUint16(headBytes, whole.length);
    bytes.set(whole, messageHeadBytes + headBytes + 2);
  }
  const rest = fill(bytes, bodyAt, body);
  sealMessage(bytes, bodyAt + bodyBytes, messageType.frame, crc32);
  return [bytes, ...rest];
}

/** Copies parts into `bytes` until it is full. Returns what did not fit. */
function fill(bytes: Uint8Array, from: number, parts: readonly Uint8Array[]): Uint8Array[] {
  const rest: Uint8Array[] = [];
  let at = from;
  for (const part of parts) {
    const taken = Math.min(part.length, bytes.length - at);
    bytes.set(taken === part.length ? part : part.subarray(0, taken), at);
    at += taken;
    if (taken < part.length) rest.push(part.subarray(taken));
  }
  return rest;
}

function bitsOf({ delivery, direction, whole, isDropped }: ShimFrameHead): number {
  const direct = direction === 'fromServer' ? fromServerBit : 0;
  return deliveries.indexOf(delivery) | direct | (whole === undefined ? 0 : wholeBit) | (isDropped ? droppedBit : 0);
}

/** Undefined when the payload is no frame. The body is a view into the payload. */
export function decodeFrame(payload: Uint8Array): ShimFrame | undefined {
  if (payload.length < headBytes) return undefined;
  const view = new DataView(payload.buffer, payload.byteOffset, payload.byteLength);
  const bits = view.getUint8(32);
  const delivery = deliveries[bits & 3];
  if (delivery === undefined) return undefined;
  const whole = (bits & wholeBit) === 0 ? undefined : readWhole(payload, view);
  if ((bits & wholeBit) !== 0 && whole === undefined) return undefined;
  return {
    seq: view.getFloat64(0),
    at: view.getFloat64(8),
    monotonicUs: view.getFloat64(16),
    sizeBytes: view.getFloat64(24),
    direction: (bits & fromServerBit) === 0 ? 'fromClient' : 'fromServer',
    delivery,
    isDropped: (bits & droppedBit) !== 0,
    ...(whole === undefined ? {} : { whole: whole.facts }),
    body: payload.subarray(whole === undefined ? headBytes : whole.endsAt),
  };
}

/** The number of a frame, without decoding the rest. */
export function seqOfFrame(payload: Uint8Array): number {
  return new DataView(payload.buffer, payload.byteOffset, payload.byteLength).getFloat64(0);
}

function readWhole(payload: Uint8Array, view: DataView): { facts: WholeFacts; endsAt: number } | undefined {
  if (payload.length < headBytes + 2) return undefined;
  const endsAt = headBytes + 2 + view.getUint16(headBytes);
  if (payload.length < endsAt) return undefined;
  try {
    return { facts: JSON.parse(new TextDecoder().decode(payload.subarray(headBytes + 2, endsAt))) as WholeFacts, endsAt };
  } catch {
    return undefined;
  }
}
