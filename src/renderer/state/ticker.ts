/** One timer for everything that counts up in sight. It runs only while something listens. */
import { Emitter } from './emitter.ts';

const TICK_MS = 100;

class Ticker {
  #now = Date.now();
  #timer: ReturnType<typeof setInterval> | undefined;
  #listening = 0;
  readonly #emitter = new Emitter();

  /** The time of the last tick; while nothing listens, of the last second that somebody asked. */
  readonly now = (): number => {
    if (this.#timer === undefined && Date.now() - this.#now > 1000) this.#now = Date.now();
    return this.#now;
  };

  readonly subscribe = (listener: () => void): (() => void) => {
    const release = this.#emitter.subscribe(listener);
    this.#listening += 1;
    if (this.#timer === undefined) {
      this.#now = Date.now();
      this.#timer = setInterval(() => this.#tick(), TICK_MS);
    }
    return () => {
      release();
      this.#listening -= 1;
      if (this.#listening > 0) return;
      clearInterval(this.#timer);
      this.#timer = undefined;
    };
  };

  #tick(): void {
    this.#now = Date.now();
    this.#emitter.announce();
  }
}

export const ticker = new Ticker();
