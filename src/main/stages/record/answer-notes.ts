/** Turns the bytes of an answer into frames: one per SSE event, one per line of streamed JSON, or one for the whole body. */
import { readBody } from '../../../shared/mcp/json-rpc.ts';
import { SseReader, type SseEventHead } from '../../../shared/mcp/sse-reader.ts';
import type { Flag } from '../../../shared/model/frame.ts';
import { BodyCopy, defaultCopyCapBytes, type CopiedBody } from '../../traffic/body-copy.ts';
import type { Sighting } from '../../traffic/sighting.ts';
import { TextCopy } from './text-copy.ts';

/** A sighting without what all frames of an answer share. */
export type AnswerFrame = Pick<Sighting, 'body' | 'text' | 'eventId' | 'contentEncoding' | 'delivered'> & {
  readonly delivery: 'body' | 'event';
  readonly flags: readonly Flag[];
};

export interface AnswerNotes {
  /** A promise asks for a pause. */
  push(chunk: Uint8Array, received?: Uint8Array): Promise<void> | undefined;
  /** No more bytes; `flags` say so when it is not all. Calls `done` once everything is noted, at once or later. */
  end(flags: readonly Flag[], done: () => void): void;
}

type NoteFrame = (frame: AnswerFrame) => void;

/** Lines of streamed JSON are looked for only in the first part of a body, and not for ever. */
const MAX_LINES_BYTES = 256 * 1024;
const MAX_LINE_TRIES = 3;

/** Frames of an event stream, each as soon as its blank line has passed. */
export class EventNotes implements AnswerNotes {
  readonly #note: NoteFrame;
  readonly #reader: SseReader;
  #raw = new BodyCopy(defaultCopyCapBytes, { isScanned: false });
  #data = new TextCopy();
  #delivered: Uint8Array | undefined;
  #endFlags: readonly Flag[] = [];

  constructor(note: NoteFrame) {
    this.#note = note;
    this.#reader = new SseReader({
      raw: bytes => this.#raw.push(bytes),
      data: bytes => this.#data.push(bytes),
      end: head => this.#noteEvent(head),
    });
  }

  push(chunk: Uint8Array, received?: Uint8Array): undefined {
    // A changed event comes as one chunk; comments that already stand before it were delivered as they are.
    if (received !== undefined) this.#delivered = this.#raw.sizeBytes === 0 ? chunk : Buffer.concat([this.#raw.take().bytes, chunk]);
    this.#reader.push(received ?? chunk);
  }

  end(flags: readonly Flag[], done: () => void): void {
    this.#endFlags = flags;
    this.#reader.finish();
    done();
  }

  #noteEvent({ id, isComplete }: SseEventHead): void {
    const raw = this.#raw.take();
    const { facts } = this.#data;
    // WHATWG HTML, section 9.2.6: an event without its blank line is not dispatched, so it is no message.
    const text = isComplete ? this.#data.text : '';
    const delivered = this.#delivered;
    this.#raw = new BodyCopy(defaultCopyCapBytes, { isScanned: false });
    this.#data = new TextCopy();
    this.#delivered = undefined;
    this.#note({
      delivery: 'event',
      body: facts === undefined || !isComplete ? raw : { ...raw, facts },
      flags: isComplete ? [] : this.#endFlags,
      ...(text === undefined ? {} : { text }),
      ...(id === undefined ? {} : { eventId: id }),
      ...(delivered === undefined ? {} : { delivered }),
    });
  }
}

/** One frame for the whole body; or one per line, where a server streams messages as lines of JSON. */
export class BodyNotes implements AnswerNotes {
  readonly #note: NoteFrame;
  #copy = new BodyCopy();
  #triesLeft: number;
  #hasNoted = false;
  /** What went out in place of what came; from then on the frame keeps both. */
  #delivered: BodyCopy | undefined;

  constructor(note: NoteFrame, mayBeLines: boolean) {
    this.#note = note;
    this.#triesLeft = mayBeLines ? MAX_LINE_TRIES : 0;
  }

  push(chunk: Uint8Array, received?: Uint8Array): undefined {
    if (received !== undefined && this.#delivered === undefined) this.#startDelivered();
    this.#delivered?.push(chunk);
    this.#copy.push(received ?? chunk);
    if (this.#triesLeft > 0 && chunk.at(-1) === 10) this.#noteLines();
  }

  end(flags: readonly Flag[], done: () => void): void {
    if (this.#hasNoted && this.#copy.sizeBytes > 0 && flags.length === 0) this.#noteLines();
    if (this.#copy.sizeBytes > 0 || !this.#hasNoted) {
      const delivered = this.#delivered?.take().bytes;
      this.#note({ delivery: 'body', body: this.#copy.take(), flags, ...(delivered === undefined ? {} : { delivered }) });
    }
    done();
  }

  /** What had come before was delivered as it is; whoever changes a body changes it as one, and not line by line. */
  #startDelivered(): void {
    this.#delivered = new BodyCopy(defaultCopyCapBytes, { isScanned: false });
    const before = this.#copy.take();
    if (before.sizeBytes > 0) {
      this.#delivered.push(before.bytes);
      this.#copy = new BodyCopy();
      this.#copy.push(before.bytes);
    }
    this.#triesLeft = 0;
  }

  /** Notes what has come so far when all its lines are messages: more may follow only much later. */
  #noteLines(): void {
    if (this.#copy.sizeBytes > MAX_LINES_BYTES) {
      this.#triesLeft = 0;
      return;
    }
    const { bytes } = this.#copy.take();
    const lines = linesOf(bytes);
    if (!lines.every(line => isMessage(line))) {
      this.#triesLeft -= 1;
      return;
    }
    this.#copy = new BodyCopy();
    this.#hasNoted = true;
    for (const line of lines)
      this.#note({ delivery: 'body', body: { bytes: line, sizeBytes: line.length, isTruncated: false }, flags: [] });
  }
}

/** The frame of a body whose encoded copy and decoded text were made side by side. */
export function encodedFrame(copied: CopiedBody, decoded: TextCopy, contentEncoding: string, flags: readonly Flag[]): AnswerFrame {
  const { text, facts } = decoded;
  return {
    delivery: 'body',
    body: facts === undefined ? copied : { ...copied, facts },
    contentEncoding,
    flags,
    ...(text === undefined ? {} : { text }),
  };
}

function linesOf(bytes: Uint8Array): Uint8Array[] {
  const lines: Uint8Array[] = [];
  let from = 0;
  while (from < bytes.length) {
    const end = bytes.indexOf(10, from);
    const to = end < 0 ? bytes.length : end + 1;
    lines.push(bytes.subarray(from, to));
    from = to;
  }
  return lines;
}

function isMessage(line: Uint8Array): boolean {
  return readBody(Buffer.from(line.buffer, line.byteOffset, line.byteLength).toString('utf8')).kind === 'message';
}
