/**
 * Asks and verdicts as messages: number (f64), bits (u8: 1 the last part), length (u32) and JSON of the head (empty behind the
 * first part), then bytes. A line of any length goes in parts that each fit a message.
 */
import { encodeMessage, type Crc32 } from './message-coding.ts';
import { copyCapBytes } from './protocol.ts';

const lastBit = 1;
const fixedBytes = 13;
const noBytes = new Uint8Array(0);

interface Part {
  /** Of the ask, given by the shim; from 1. */
  readonly number: number;
  readonly isLast: boolean;
  /** JSON of the head; empty behind the first part. */
  readonly head: Uint8Array;
  readonly bytes: Uint8Array;
}

/** An ask or a verdict, put together again. */
export interface Parcel {
  readonly number: number;
  readonly head: Record<string, unknown>;
  readonly parts: readonly Uint8Array[];
  readonly sizeBytes: number;
}

/** The messages of one ask or verdict. */
export function encodeParcel(
  type: number,
  parcel: { readonly number: number; readonly head: object; readonly parts: readonly Uint8Array[] },
  crc32: Crc32,
): Uint8Array[] {
  const head = new TextEncoder().encode(JSON.stringify(parcel.head));
  const pieces = piecesOf(parcel.parts);
  return pieces.map((piece, index) => {
    const shown = index === 0 ? head : noBytes;
    const fixed = new Uint8Array(fixedBytes);
    const view = new DataView(fixed.buffer);
    view.setFloat64(0, parcel.number);
    view.setUint8(8, index === pieces.length - 1 ? lastBit : 0);
    view.setUint32(9, shown.length);
    return encodeMessage(type, [fixed, shown, ...piece], crc32);
  });
}

/** Parts in groups of at most `copyCapBytes`; always at least one group. */
function piecesOf(parts: readonly Uint8Array[]): Uint8Array[][] {
  const pieces: Uint8Array[][] = [[]];
  let roomBytes = copyCapBytes;
  for (const part of parts) {
    let at = 0;
    while (at < part.length) {
      if (roomBytes === 0) {
        pieces.push([]);
        roomBytes = copyCapBytes;
      }
      const end = Math.min(part.length, at + roomBytes);
      pieces.at(-1)?.push(part.subarray(at, end));
      roomBytes -= end - at;
      at = end;
    }
  }
  return pieces;
}

/** Undefined when the payload is no part. */
function decodePart(payload: Uint8Array): Part | undefined {
  if (payload.length < fixedBytes) return undefined;
  const view = new DataView(payload.buffer, payload.byteOffset, payload.byteLength);
  const bytesAt = fixedBytes + view.getUint32(9);
  if (payload.length < bytesAt) return undefined;
  return {
    number: view.getFloat64(0),
    isLast: (view.getUint8(8) & lastBit) !== 0,
    head: payload.subarray(fixedBytes, bytesAt),
    bytes: payload.subarray(bytesAt),
  };
}

/** Puts parts together. The parts of one parcel follow each other without others between them. */
export class PartJoiner {
  readonly #maxBytes: number;
  #open: { readonly number: number; readonly head: Record<string, unknown>; readonly parts: Uint8Array[]; sizeBytes: number } | undefined;

  /** More than `maxBytes` in one parcel is an error. */
  constructor(maxBytes: number) {
    this.#maxBytes = maxBytes;
  }

  /** The whole parcel with its last part. Throws when the payload does not belong here. */
  push(payload: Uint8Array): Parcel | undefined {
    const part = decodePart(payload);
    if (part === undefined) throw new Error('This is no part of an ask or a verdict');
    const open = (this.#open ??= { number: part.number, head: headOf(part.head), parts: [], sizeBytes: 0 });
    if (open.number !== part.number) throw new Error('The parts of two lines are mixed');
    open.sizeBytes += part.bytes.length;
    if (open.sizeBytes > this.#maxBytes) throw new Error('An ask or a verdict is too long');
    if (part.bytes.length > 0) open.parts.push(part.bytes);
    if (!part.isLast) return undefined;
    this.#open = undefined;
    return open;
  }
}

function headOf(bytes: Uint8Array): Record<string, unknown> {
  const value: unknown = JSON.parse(new TextDecoder().decode(bytes));
  if (typeof value !== 'object' || value === null) throw new Error('The head of an ask or a verdict is no object');
  return value as Record<string, unknown>;
}

/** The payload of `held`, and of whatever else is about an ask alone. */
export function encodeNumber(number: number): Uint8Array {
  const bytes = new Uint8Array(8);
  new DataView(bytes.buffer).setFloat64(0, number);
  return bytes;
}
