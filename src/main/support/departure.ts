/** Whether the client of an exchange has left, and who wants to know. Every request has one, and an AbortController would be a good part of what a request costs. */

export class Departure {
  #hasHappened = false;
  #listener: (() => void) | undefined;

  get hasHappened(): boolean {
    return this.#hasHappened;
  }

  /** Who is told at once. There is one at a time, whoever works on the exchange now; `undefined` takes it back. */
  set listener(listener: (() => void) | undefined) {
    this.#listener = listener;
  }

  happen(): void {
    if (this.#hasHappened) return;
    this.#hasHappened = true;
    const listener = this.#listener;
    this.#listener = undefined;
    listener?.();
  }
}
