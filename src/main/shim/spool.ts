/**
 * The spool file of one session: a header, then frames in order, as they would go over the socket. Written at
 * known positions, so that a write can be repeated; the hub reads it when this process is gone.
 */
import { closeSync, ftruncateSync, mkdirSync, openSync, read, unlinkSync, write, writeSync } from 'node:fs';
import { dirname } from 'node:path';
import { encodeMessage } from '../../shared/shim/message-coding.ts';
import { jsonBytes } from '../../shared/shim/json-message.ts';
import { messageType, shimProtocolVersion, type ShimSession, type SpoolHeader } from '../../shared/shim/protocol.ts';
import { crc32 } from './checksum.ts';

export class Spool {
  readonly #path: string;
  readonly #fd: number;
  #endBytes: number;
  #lastSeq = 0;

  /** Creates the file, for its owner's eyes only. Throws when the disk does not let us. */
  constructor(path: string, session: ShimSession) {
    mkdirSync(dirname(path), { recursive: true, mode: 0o700 });
    this.#path = path;
    this.#fd = openSync(path, 'w+', 0o600);
    const header: SpoolHeader = { protocolVersion: shimProtocolVersion, session };
    const bytes = encodeMessage(messageType.header, [jsonBytes(header)], crc32);
    this.#endBytes = writeFully(this.#fd, bytes, 0);
  }

  get sizeBytes(): number {
    return this.#endBytes;
  }

  /** The newest frame that is wholly in the file. */
  get lastSeq(): number {
    return this.#lastSeq;
  }

  /** Adds frames. One call at a time. */
  append(bytes: Uint8Array, lastSeq: number, onDone: (error: Error | null) => void): void {
    const position = this.#endBytes;
    const step = (from: number): void => {
      write(this.#fd, bytes, from, bytes.length - from, position + from, (error, writtenBytes) => {
        if (error !== null) return onDone(error);
        if (from + writtenBytes < bytes.length) return step(from + writtenBytes);
        this.#endBytes = position + bytes.length;
        this.#lastSeq = lastSeq;
        onDone(null);
      });
    };
    step(0);
  }

  appendNow(bytes: Uint8Array, lastSeq: number): void {
    this.#endBytes = writeFully(this.#fd, bytes, this.#endBytes);
    this.#lastSeq = lastSeq;
  }

  /** Reads what is there, at most `lengthBytes`. Empty at the end. */
  read(positionBytes: number, lengthBytes: number, onDone: (error: Error | null, bytes: Uint8Array) => void): void {
    const length = Math.min(lengthBytes, this.#endBytes - positionBytes);
    const bytes = new Uint8Array(Math.max(0, length));
    if (bytes.length === 0) return onDone(null, bytes);
    read(this.#fd, bytes, 0, bytes.length, positionBytes, (error, readBytes) => onDone(error, bytes.subarray(0, readBytes)));
  }

  /** Everything in it is committed. */
  remove(): void {
    try {
      ftruncateSync(this.#fd, 0);
      closeSync(this.#fd);
      unlinkSync(this.#path);
    } catch {
      // The hub removes what is left over; frames that it knows already are skipped.
    }
  }
}

function writeFully(fd: number, bytes: Uint8Array, position: number): number {
  let from = 0;
  while (from < bytes.length) from += writeSync(fd, bytes, from, bytes.length - from, position + from);
  return position + bytes.length;
}
