/** Whether the client of an exchange has left. An AbortSignal per request costs more than all stages together, so one is made only where somebody asks for it. */

export class Departure {
  #hasHappened = false;
  #listener: (() => void) | undefined;
  #abort: AbortController | undefined;

  get hasHappened(): boolean {
    return this.#hasHappened;
  }

  /** Who is told at once. There is one at a time, whoever works on the exchange now; `undefined` takes it back. */
  set listener(listener: (() => void) | undefined) {
    this.#listener = listener;
  }

  /** For whatever speaks in signals. */
  get signal(): AbortSignal {
    this.#abort ??= new AbortController();
    if (this.#hasHappened) this.#abort.abort();
    return this.#abort.signal;
  }

  happen(): void {
    if (this.#hasHappened) return;
    this.#hasHappened = true;
    const listener = this.#listener;
    this.#listener = undefined;
    this.#abort?.abort();
    listener?.();
  }
}
