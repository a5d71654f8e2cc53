/**
 * Messages of the shim protocol as bytes, the same on the socket and in a spool file:
 * length (u32, of type and payload), CRC-32 of their first 4 KiB (u32), type (u8), payload. Big-endian.
 * The sum guards the framing; summing up whole bodies would cost a relay of large messages a tenth of its speed.
 */
import { maxMessageBytes } from './protocol.ts';

export type Crc32 = (bytes: Uint8Array) => number;

export interface Message {
  readonly type: number;
  readonly payload: Uint8Array;
  /** The whole message as it was read, to pass it on unchanged. */
  readonly bytes: Uint8Array;
}

/** The stream is no stream of messages, or was damaged: nothing behind this point can be trusted. */
export class DamagedStreamError extends Error {
  override readonly name = 'DamagedStreamError';
}

/** The sum is taken over so much of type and payload. */
export const checkedBytes = 4096;

/** Bytes before the payload. */
export const messageHeadBytes = 9;

/** A message with its payload in several parts, which are copied once. */
export function encodeMessage(type: number, parts: readonly Uint8Array[], crc32: Crc32): Uint8Array {
  const payloadBytes = parts.reduce((sum, part) => sum + part.length, 0);
  const bytes = new Uint8Array(messageHeadBytes + payloadBytes);
  let at = messageHeadBytes;
  for (const part of parts) {
    bytes.set(part, at);
    at += part.length;
  }
  return sealMessage(bytes, bytes.length, type, crc32);
}

/** Fills the head of a message whose payload is in place: wholly, or as far as it is checked where the rest is elsewhere. */
export function sealMessage(bytes: Uint8Array, messageBytes: number, type: number, crc32: Crc32): Uint8Array {
  bytes[8] = type;
  const view = new DataView(bytes.buffer, bytes.byteOffset, 8);
  view.setUint32(0, messageBytes - 8);
  view.setUint32(4, crc32(bytes.subarray(8, 8 + checkedBytes)) >>> 0);
  return bytes;
}

/** Cuts a byte stream into messages. Memory: at most one message (`maxMessageBytes`) and the chunk at hand. */
export class MessageReader {
  readonly #crc32: Crc32;
  /** Unread bytes; while a message is incomplete and its length known, a buffer of that length. */
  #rest: Uint8Array = new Uint8Array(0);
  #filledBytes = 0;

  constructor(crc32: Crc32) {
    this.#crc32 = crc32;
  }

  /** Adds bytes. Read with `next` until it is empty before adding more. */
  push(chunk: Uint8Array): void {
    if (this.#filledBytes === 0) {
      this.#rest = chunk;
      this.#filledBytes = chunk.length;
      return;
    }
    const needBytes = Math.max(this.#filledBytes + chunk.length, this.#neededBytes());
    if (needBytes > this.#rest.length) {
      const larger = new Uint8Array(needBytes);
      larger.set(this.#rest.subarray(0, this.#filledBytes));
      this.#rest = larger;
    }
    this.#rest.set(chunk, this.#filledBytes);
    this.#filledBytes += chunk.length;
  }

  /** The next whole message. Throws `DamagedStreamError`. */
  next(): Message | undefined {
    const needBytes = this.#neededBytes();
    if (needBytes === 0 || this.#filledBytes < needBytes) return undefined;
    const bytes = this.#rest.subarray(0, needBytes);
    const body = bytes.subarray(8);
    if (this.#crc32(body.subarray(0, checkedBytes)) >>> 0 !== viewOf(bytes).getUint32(4))
      throw new DamagedStreamError('A message does not match its checksum');
    this.#rest = this.#rest.subarray(needBytes, this.#filledBytes);
    this.#filledBytes -= needBytes;
    return { type: body[0] as number, payload: bytes.subarray(messageHeadBytes), bytes };
  }

  /** Bytes of an incomplete message at the end. */
  get restBytes(): number {
    return this.#filledBytes;
  }

  #neededBytes(): number {
    if (this.#filledBytes < messageHeadBytes) return 0;
    const length = viewOf(this.#rest).getUint32(0);
    if (length < 1 || length > maxMessageBytes) throw new DamagedStreamError(`A message cannot be ${length} bytes long`);
    return 8 + length;
  }
}

function viewOf(bytes: Uint8Array): DataView {
  return new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}
