/** Decompresses the copy of an answer, never the answer itself, so that the record can say what a gzip body means. */
import { constants, createBrotliDecompress, createGunzip, createInflate } from 'node:zlib';
import type { Transform } from 'node:stream';
import type { Flag } from '../../../shared/model/frame.ts';
import { BodyCopy, defaultCopyCapBytes } from '../../traffic/body-copy.ts';
import { encodedFrame, EventNotes, type AnswerFrame, type AnswerNotes } from './answer-notes.ts';
import { TextCopy } from './text-copy.ts';

/** The decoder of a `Content-Encoding`; undefined for none and for those we do not know. */
export function decoderFor(encoding: string | undefined): Transform | undefined {
  switch (encoding?.trim().toLowerCase()) {
    // SYNC_FLUSH: an answer that was cut off is decoded as far as it came.
    case 'gzip':
    case 'x-gzip':
      return createGunzip({ finishFlush: constants.Z_SYNC_FLUSH });
    case 'deflate':
      return createInflate({ finishFlush: constants.Z_SYNC_FLUSH });
    case 'br':
      return createBrotliDecompress({ finishFlush: constants.BROTLI_OPERATION_FLUSH });
    default:
      return undefined;
  }
}

/** Feeds a decoder and waits for it: it works on another thread, and what it has not taken yet must not pile up. */
class Decoding {
  readonly #decoder: Transform;
  #isOver = false;
  #done: (() => void) | undefined;

  constructor(decoder: Transform, take: (bytes: Uint8Array) => void) {
    this.#decoder = decoder;
    decoder.on('data', take);
    decoder.once('close', () => this.#over());
    // Not what its header said it was: the record then shows the bytes.
    decoder.once('error', () => this.#over());
  }

  push(chunk: Uint8Array): Promise<void> | undefined {
    if (this.#isOver || this.#decoder.write(chunk)) return undefined;
    return new Promise(resolve => {
      this.#decoder.once('drain', resolve).once('close', resolve);
    });
  }

  end(done: () => void): void {
    this.#done = done;
    if (this.#isOver) this.#over();
    else this.#decoder.end();
  }

  #over(): void {
    this.#isOver = true;
    this.#done?.();
    this.#done = undefined;
  }
}

/** An encoded event stream: the frames hold the decoded events, because an encoded event has no bytes of its own. */
export class DecodedEventNotes implements AnswerNotes {
  readonly #events: EventNotes;
  readonly #decoding: Decoding;

  constructor(decoder: Transform, note: (frame: AnswerFrame) => void) {
    this.#events = new EventNotes(note);
    this.#decoding = new Decoding(decoder, bytes => this.#events.push(bytes));
  }

  push(chunk: Uint8Array): Promise<void> | undefined {
    return this.#decoding.push(chunk);
  }

  end(flags: readonly Flag[], done: () => void): void {
    this.#decoding.end(() => this.#events.end(flags, done));
  }
}

/** An encoded body: the frame holds the bytes as they came; the text is only read. */
export class DecodedBodyNotes implements AnswerNotes {
  readonly #note: (frame: AnswerFrame) => void;
  readonly #encoding: string;
  readonly #copy = new BodyCopy(defaultCopyCapBytes, { isScanned: false });
  readonly #text = new TextCopy();
  readonly #decoding: Decoding;

  constructor(decoder: Transform, encoding: string, note: (frame: AnswerFrame) => void) {
    this.#note = note;
    this.#encoding = encoding;
    this.#decoding = new Decoding(decoder, bytes => this.#text.push(bytes));
  }

  push(chunk: Uint8Array): Promise<void> | undefined {
    this.#copy.push(chunk);
    return this.#decoding.push(chunk);
  }

  end(flags: readonly Flag[], done: () => void): void {
    this.#decoding.end(() => {
      this.#note(encodedFrame(this.#copy.take(), this.#text, this.#encoding, flags));
      done();
    });
  }
}
