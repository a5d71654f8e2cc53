/**
 * Looks at the bytes of an answer while they pass, keeping none: whether it is JSON-RPC, whether the result came, and what the
 * server asks the client on the way.
 */
import { SseReader, type SseEventHead } from '../../../shared/mcp/sse-reader.ts';
import { TopLevelScan } from '../../../shared/mcp/top-level-scan.ts';

/**
 * What an answer that has ended was worth. `cut-resumable`: without its result, but a client of the legacy era fetches the rest
 * with Last-Event-ID (2025-11-25, polling).
 */
export type AnswerWorth = 'complete' | 'no-json-rpc' | 'no-result' | 'cut-resumable';

export interface AnswerWatch {
  push(chunk: Uint8Array): void;
  /** No more comes. */
  end(): AnswerWorth;
  /** Every result that was asked for is there, whatever may still follow. */
  readonly isAnswered: boolean;
}

export interface WatchEvents {
  /** The server asked the client for something that a person or a model may have to think about; JSON text of the id. */
  asked(idText: string): void;
}

/** Whatever else a server asks, such as `ping`, is answered at once; a server must not hold its own clock with it. */
const takesTime = /^(?:sampling|elicitation|roots)\//;

const SPACE = 0x20;
const OPEN_BRACKET = 0x5b;

/** One JSON body. */
export class JsonWatch implements AnswerWatch {
  readonly #scan = new TopLevelScan();
  readonly isAnswered = false;
  #firstByte: number | undefined;

  push(chunk: Uint8Array): void {
    if (this.#firstByte === undefined) this.#firstByte = chunk.find(byte => byte > SPACE);
    this.#scan.push(chunk);
  }

  end(): AnswerWorth {
    // The answer to a batch (2025-03-26) is an array; its elements are not looked at.
    if (this.#firstByte === OPEN_BRACKET) return 'complete';
    return this.#scan.isAnswer && this.#scan.isClosed ? 'complete' : 'no-json-rpc';
  }
}

/** An event stream that carries the results of `requestCount` requests; of none where it is a GET stream. */
export class EventWatch implements AnswerWatch {
  readonly #events: WatchEvents;
  readonly #reader: SseReader;
  #scan: TopLevelScan | undefined;
  #isBatch = false;
  #leftCount: number;
  #hasId = false;

  constructor(requestCount: number, events: WatchEvents) {
    this.#leftCount = requestCount;
    this.#events = events;
    this.#reader = new SseReader({
      raw: () => undefined,
      data: bytes => this.#data(bytes),
      end: head => this.#endEvent(head),
    });
  }

  get isAnswered(): boolean {
    return this.#leftCount <= 0;
  }

  push(chunk: Uint8Array): void {
    this.#reader.push(chunk);
  }

  end(): AnswerWorth {
    this.#reader.finish();
    if (this.isAnswered) return 'complete';
    return this.#hasId ? 'cut-resumable' : 'no-result';
  }

  #data(bytes: Uint8Array): void {
    if (this.#scan === undefined) {
      this.#scan = new TopLevelScan();
      this.#isBatch = bytes.find(byte => byte > SPACE) === OPEN_BRACKET;
    }
    this.#scan.push(bytes);
  }

  #endEvent({ id, isComplete }: SseEventHead): void {
    const scan = this.#scan;
    this.#scan = undefined;
    if (id !== undefined) this.#hasId = true;
    if (scan === undefined || !isComplete) return;
    if (this.#isBatch) {
      // Results of a batch may come as a batch; which ones is not looked at.
      this.#leftCount = 0;
      return;
    }
    const { idText, method, hasResult, hasError } = scan.facts;
    if (method !== undefined) {
      if (idText !== undefined && takesTime.test(method)) this.#events.asked(idText);
    } else if (hasResult || hasError) this.#leftCount -= 1;
  }
}
