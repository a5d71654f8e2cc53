/**
 * A numbered frame as the payload of a message: seq, at, monotonicUs, sizeBytes (f64 each), bits (u8), then, each with its
 * bit: length (u16) and JSON of what is known of the whole where the copy is not whole; length (u16) and JSON of marks;
 * length (u32) and bytes of what was delivered instead; then the copy.
 */
import type { TopLevelFacts } from '../mcp/top-level-scan.ts';
import type { Direction } from '../model/frame.ts';
import { checkedBytes, messageHeadBytes, sealMessage, type Crc32 } from './message-coding.ts';
import { messageType, type FrameMarks } from './protocol.ts';

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
  /** Where the active mode had a say in it. */
  readonly marks?: FrameMarks;
  /** What was delivered instead of it (a copy, capped like the other). */
  readonly delivered?: Uint8Array;
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
const marksBit = 32;
const deliveredBit = 64;
/** Longest JSON of facts or marks: its length is a u16. */
const maxJsonBytes = 0xffff;
const headBytes = 33;

/** Bodies from here on are not copied into the message: their parts follow it as they are. */
const referenceFromBytes = 64 * 1024;

/** The whole message in one piece, or with a large body in several, which must not be changed any more. */
export function encodeFrame(head: ShimFrameHead, body: readonly Uint8Array[], crc32: Crc32): readonly Uint8Array[] {
  const extras = extrasOf(head);
  const extraBytes = extras.reduce((sum, extra) => sum + extra.length, 0);
  const bodyBytes = body.length === 1 ? (body[0] as Uint8Array).length : body.reduce((sum, part) => sum + part.length, 0);
  const bodyAt = messageHeadBytes + headBytes + extraBytes;
  const copiedBytes = bodyBytes < referenceFromBytes ? bodyBytes : checkedBytes;
  const bytes = new Uint8Array(bodyAt + copiedBytes);
  const view = new DataView(bytes.buffer, messageHeadBytes);
  view.setFloat64(0, head.seq);
  view.setFloat64(8, head.at);
  view.setFloat64(16, head.monotonicUs);
  view.setFloat64(24, head.sizeBytes);
  view.setUint8(32, bitsOf(head));
  let at = messageHeadBytes + headBytes;
  for (const extra of extras) {
    bytes.set(extra, at);
    at += extra.length;
  }
  const rest = fill(bytes, bodyAt, body);
  sealMessage(bytes, bodyAt + bodyBytes, messageType.frame, crc32);
  return [bytes, ...rest];
}

const noExtras: readonly Uint8Array[] = [];

/** What stands between the fixed head and the copy. Most frames have nothing there. */
function extrasOf({ whole, marks, delivered }: ShimFrameHead): readonly Uint8Array[] {
  if (whole === undefined && marks === undefined && delivered === undefined) return noExtras;
  const extras: Uint8Array[] = [];
  if (whole !== undefined) extras.push(sizedJson(whole, {}));
  // Flags change what a frame means; verdicts that do not fit explain it only.
  if (marks !== undefined) extras.push(sizedJson(marks, { flags: marks.flags }));
  if (delivered !== undefined) {
    const length = new Uint8Array(4);
    new DataView(length.buffer).setUint32(0, delivered.length);
    extras.push(length, delivered);
  }
  return extras;
}

function sizedJson(value: object, instead: object): Uint8Array {
  const json = new TextEncoder().encode(JSON.stringify(value));
  if (json.length > maxJsonBytes) return sizedJson(instead, {});
  const bytes = new Uint8Array(2 + json.length);
  new DataView(bytes.buffer).setUint16(0, json.length);
  bytes.set(json, 2);
  return bytes;
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

function bitsOf({ delivery, direction, whole, isDropped, marks, delivered }: ShimFrameHead): number {
  const direct = direction === 'fromServer' ? fromServerBit : 0;
  const active = (marks === undefined ? 0 : marksBit) | (delivered === undefined ? 0 : deliveredBit);
  return deliveries.indexOf(delivery) | direct | (whole === undefined ? 0 : wholeBit) | (isDropped ? droppedBit : 0) | active;
}

/** Undefined when the payload is no frame. The body is a view into the payload. */
export function decodeFrame(payload: Uint8Array): ShimFrame | undefined {
  if (payload.length < headBytes) return undefined;
  const view = new DataView(payload.buffer, payload.byteOffset, payload.byteLength);
  const bits = view.getUint8(32);
  const delivery = deliveries[bits & 3];
  if (delivery === undefined) return undefined;
  const extras = readExtras(payload, view, bits);
  if (extras === undefined) return undefined;
  return {
    seq: view.getFloat64(0),
    at: view.getFloat64(8),
    monotonicUs: view.getFloat64(16),
    sizeBytes: view.getFloat64(24),
    direction: (bits & fromServerBit) === 0 ? 'fromClient' : 'fromServer',
    delivery,
    isDropped: (bits & droppedBit) !== 0,
    ...extras.head,
    body: payload.subarray(extras.endsAt),
  };
}

/** The number of a frame, without decoding the rest. */
export function seqOfFrame(payload: Uint8Array): number {
  return new DataView(payload.buffer, payload.byteOffset, payload.byteLength).getFloat64(0);
}

/** Whether a frame says more than hubs without an active mode understand. */
export function isMarkedFrame(payload: Uint8Array): boolean {
  return payload.length >= headBytes && ((payload[32] as number) & (marksBit | deliveredBit)) !== 0;
}

/** The same frame as a transparent shim would have noted it, for hubs without an active mode. */
export function unmarkedFrame(payload: Uint8Array, crc32: Crc32): readonly Uint8Array[] {
  const frame = decodeFrame(payload);
  if (frame === undefined) return [];
  const { body, marks, delivered, ...head } = frame;
  void marks;
  void delivered;
  return encodeFrame(head, [body], crc32);
}

type Extras = Pick<ShimFrameHead, 'whole' | 'marks' | 'delivered'>;

function readExtras(payload: Uint8Array, view: DataView, bits: number): { head: Extras; endsAt: number } | undefined {
  const head: { -readonly [K in keyof Extras]: Extras[K] } = {};
  let at = headBytes;
  const json = (): object | undefined => {
    if (payload.length < at + 2) return undefined;
    const from = at + 2;
    at = from + view.getUint16(at);
    return payload.length < at ? undefined : parsed(payload.subarray(from, at));
  };
  if ((bits & wholeBit) !== 0) {
    const whole = json();
    if (whole === undefined) return undefined;
    head.whole = whole as WholeFacts;
  }
  if ((bits & marksBit) !== 0) {
    const marks = json();
    if (marks === undefined) return undefined;
    head.marks = marks as FrameMarks;
  }
  if ((bits & deliveredBit) !== 0) {
    if (payload.length < at + 4) return undefined;
    const from = at + 4;
    at = from + view.getUint32(at);
    if (payload.length < at) return undefined;
    head.delivered = payload.subarray(from, at);
  }
  return { head, endsAt: at };
}

function parsed(bytes: Uint8Array): object | undefined {
  try {
    const value: unknown = JSON.parse(new TextDecoder().decode(bytes));
    return typeof value === 'object' && value !== null ? value : undefined;
  } catch {
    return undefined;
  }
}
