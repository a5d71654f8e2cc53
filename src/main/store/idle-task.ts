/** Runs a task once nothing has been written for a while; again after the next write, and again when it says that it could not finish. */

export class IdleTask {
  #idleMs: number;
  #task: () => boolean;
  #timer: NodeJS.Timeout | undefined;

  /** `task` returns whether it is done. */
  constructor(idleMs: number, task: () => boolean) {
    this.#idleMs = idleMs;
    this.#task = task;
  }

  /** Something was written: the wait begins anew. */
  postpone(): void {
    if (this.#timer !== undefined) this.#timer.refresh();
    else this.#timer = setTimeout(() => this.#run(), this.#idleMs);
  }

  stop(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
  }

  #run(): void {
    this.#timer = undefined;
    if (!this.#task()) this.postpone();
  }
}
