/** The smallest observable: stores outside React announce, components read with `useSyncExternalStore`. */

export class Emitter {
  readonly #listeners = new Set<() => void>();

  readonly subscribe = (listener: () => void): (() => void) => {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  };

  announce(): void {
    for (const listener of this.#listeners) listener();
  }
}
