/** What a server says beside the protocol: stderr, and lines on stdout that are no JSON. Recorded and logged, both bounded. */
import { createHash } from 'node:crypto';
import type { Clock, Logger } from '../../ports.ts';
import type { Conversation } from '../../traffic/conversation.ts';
import { LineReader } from '../../support/line-reader.ts';

export interface StrayOutputOptions {
  readonly conversation: () => Conversation | undefined;
  readonly clock: Clock;
  readonly log: Logger;
  /** For log lines: upstream, instance, pid. */
  readonly facts: Readonly<Record<string, unknown>>;
}

/** A line of stderr beyond this is no line; it is cut into pieces. */
const MAX_PIECE_BYTES = 16 * 1024;
/** What of a line goes into the record. */
const MAX_RECORDED_BYTES = 64 * 1024;
/** What of it goes into the log. */
const MAX_LOGGED_CHARS = 1000;
/** Lines in the log per ten seconds; the rest is counted. */
const MAX_LOGGED = 50;
const LOG_WINDOW_US = 10_000_000;

export class StrayOutput {
  readonly #options: StrayOutputOptions;
  readonly #reader: LineReader;
  #windowUs = -Infinity;
  #loggedCount = 0;
  #leftOutCount = 0;
  #strayCount = 0;

  constructor(options: StrayOutputOptions) {
    this.#options = options;
    this.#reader = new LineReader({ line: bytes => this.#stderrLine(bytes) }, MAX_PIECE_BYTES);
  }

  stderr(chunk: Buffer): void {
    this.#reader.push(chunk);
  }

  /** A line on stdout that is no message; it goes to no client. */
  stdout(line: Buffer): void {
    this.#strayCount += 1;
    this.#note('line', line);
    if (this.#strayCount % 1000 === 1)
      this.#options.log.warn('A server printed something to stdout that is no JSON-RPC message; it was left out', {
        ...this.#options.facts,
        count: this.#strayCount,
        text: printable(line),
      });
  }

  finish(): void {
    this.#reader.finish();
    this.#tellLeftOut();
  }

  #stderrLine(line: Buffer): void {
    this.#note('stderr', line);
    const nowUs = this.#options.clock.monotonicUs();
    if (nowUs - this.#windowUs > LOG_WINDOW_US) {
      this.#tellLeftOut();
      this.#windowUs = nowUs;
      this.#loggedCount = 0;
    }
    this.#loggedCount += 1;
    if (this.#loggedCount > MAX_LOGGED) this.#leftOutCount += 1;
    else this.#options.log.info('stderr of a server', { ...this.#options.facts, text: printable(line) });
  }

  #tellLeftOut(): void {
    if (this.#leftOutCount === 0) return;
    this.#options.log.info('More lines on stderr of a server were not logged', { ...this.#options.facts, count: this.#leftOutCount });
    this.#leftOutCount = 0;
  }

  /** Observers fail open. */
  #note(delivery: 'stderr' | 'line', line: Buffer): void {
    const { conversation, clock, log, facts } = this.#options;
    try {
      // A slice would keep the whole chunk alive for as long as the record waits.
      const bytes = Buffer.from(line.subarray(0, MAX_RECORDED_BYTES));
      const isTruncated = bytes.length < line.length;
      conversation()?.note({
        direction: 'fromServer',
        delivery,
        at: clock.now(),
        monotonicUs: clock.monotonicUs(),
        body: {
          bytes,
          sizeBytes: line.length,
          isTruncated,
          ...(isTruncated ? { contentHash: createHash('sha256').update(line).digest('hex') } : {}),
        },
      });
    } catch (error) {
      log.debug('Output of a server was not recorded', { ...facts, error: String(error) });
    }
  }
}

function printable(line: Buffer): string {
  return line.toString('utf8', 0, MAX_LOGGED_CHARS * 4).slice(0, MAX_LOGGED_CHARS);
}
