/** What a topic is on the side of the engine, and how its messages are slowed down to what eyes can follow. */
import type { TopicMessage, TopicName, Topics } from '../../shared/contract/topics.ts';
import type { z } from 'zod';
import type { Caller } from './caller.ts';

export interface TopicHandler<N extends TopicName> {
  /** Pushes a snapshot, then each change. Rejects with a TrafficError when there is nothing to follow. */
  subscribe(params: z.output<Topics[N]['params']>, caller: Caller, push: (message: TopicMessage<N>) => void): Promise<() => void>;
  /** Joins two messages of which the older was never sent. */
  conflate(older: TopicMessage<N>, newer: TopicMessage<N>): TopicMessage<N>;
}

export type TopicHandlers = { readonly [N in TopicName]: TopicHandler<N> };

/** For topics whose messages are whole states: only the newest matters. */
export function newest<T>(_older: T, newer: T): T {
  return newer;
}

/**
 * Runs `act` at once on the first request and then at most every `intervalMs`, with a last run after the last request.
 * A run that is still going when the next is due is waited for, never doubled.
 */
export class Throttle {
  readonly #intervalMs: number;
  readonly #act: () => void | Promise<void>;
  #timer: NodeJS.Timeout | undefined;
  #isRequested = false;
  #isRunning = false;
  #isStopped = false;

  constructor(intervalMs: number, act: () => void | Promise<void>) {
    this.#intervalMs = intervalMs;
    this.#act = act;
  }

  request(): void {
    if (this.#isStopped) return;
    this.#isRequested = true;
    if (this.#timer === undefined && !this.#isRunning) void this.#run();
  }

  stop(): void {
    this.#isStopped = true;
    clearTimeout(this.#timer);
  }

  async #run(): Promise<void> {
    this.#isRequested = false;
    this.#isRunning = true;
    try {
      await this.#act();
    } finally {
      this.#isRunning = false;
      if (!this.#isStopped) {
        this.#timer = setTimeout(() => {
          this.#timer = undefined;
          if (this.#isRequested) void this.#run();
        }, this.#intervalMs);
        this.#timer.unref();
      }
    }
  }
}

/** Tells everyone who listens; one listener's failure is no other's. */
export class Announcer<T> {
  readonly #listeners = new Set<(message: T) => void>();

  listen(listener: (message: T) => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  announce(message: T): void {
    for (const listener of this.#listeners) listener(message);
  }

  get isHeard(): boolean {
    return this.#listeners.size > 0;
  }
}
