/** The use that one call makes of an instance: counted while it lasts, and judged once. */
import type { Breaker, CallResult, Pass } from './breaker.ts';
import type { Instance } from './instance.ts';
import type { Line } from './line.ts';

export interface Judgement {
  readonly result: CallResult;
  /** Of a failure. */
  readonly reason?: string;
  /** Nobody listens there. */
  readonly isGone?: boolean;
  /** The server may have read the request: a failure before that says nothing about a tool. */
  readonly wasSent?: boolean;
}

export class Usage {
  readonly instance: Instance;
  readonly line: Line;
  readonly #pass: Pass;
  readonly #toolBreaker: Breaker | undefined;
  readonly #toolPass: Pass;
  #isJudged = false;
  #isOver = false;
  #isStream = false;

  constructor(instance: Instance, toolBreaker: Breaker | undefined) {
    this.instance = instance;
    this.line = instance.line;
    this.#pass = instance.breaker.enter();
    this.#toolBreaker = toolBreaker;
    this.#toolPass = toolBreaker?.enter() ?? 0;
    instance.inFlight += 1;
    instance.callCount += 1;
    this.line.openCount += 1;
  }

  /** The first judgement counts. */
  judge({ result, reason = '', isGone = false, wasSent = true }: Judgement): void {
    if (this.#isJudged) return;
    this.#isJudged = true;
    const { instance } = this;
    if (result === 'failure') {
      instance.failureCount += 1;
      instance.noteFailureLatency();
    }
    // Before the breaker hears of it: whoever is told of its transition may look here.
    if (result !== 'neutral') instance.noteLife(isGone);
    instance.breaker.leave(this.#pass, result, reason);
    this.#toolBreaker?.leave(this.#toolPass, wasSent ? result : 'neutral', reason);
  }

  /** It became a long stream, which is counted apart. */
  becameStream(): void {
    if (this.#isOver || this.#isStream) return;
    this.#isStream = true;
    this.instance.inFlight -= 1;
    this.instance.openStreams += 1;
  }

  /** Nothing more comes. Who was not judged by now is not to blame. */
  over(): void {
    if (this.#isOver) return;
    this.#isOver = true;
    if (this.#isStream) this.instance.openStreams -= 1;
    else this.instance.inFlight -= 1;
    this.line.openCount -= 1;
    this.judge({ result: 'neutral' });
  }
}
