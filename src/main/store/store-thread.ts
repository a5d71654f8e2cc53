/** The engine's side of a store thread: calls become messages, replies settle promises, a dead thread is started again at the next call. */
import { Worker } from 'node:worker_threads';
import { TrafficError } from '../../shared/errors/error-table.ts';
import type { Logger } from '../ports.ts';
import type { WorkerEvent, WorkerReply } from './worker-protocol.ts';

export interface StoreThreadOptions {
  readonly name: string;
  readonly entry: URL | string;
  readonly data: unknown;
  readonly log: Logger;
  readonly onEvent: (event: WorkerEvent) => void;
  /** Called when a thread was started after the first one died. */
  readonly onRestarted: () => void;
}

/** A thread whose file is closed has nothing left to do; one that is still there after this is stopped. */
const MAX_ENDING_MS = 2_000;

interface Waiting {
  resolve(value: unknown): void;
  reject(error: Error): void;
}

/** The keys of `Calls` that are calls, and what a caller gets for each. */
export type CallResult<Calls, Name extends keyof Calls> = Calls[Name] extends (...args: never[]) => infer Result
  ? Promise<Awaited<Result>>
  : never;
export type CallArgs<Calls, Name extends keyof Calls> = Calls[Name] extends (...args: infer Args) => unknown ? Args : never;

export class StoreThread<Calls> {
  #options: StoreThreadOptions;
  #worker: Worker | undefined;
  #waiting = new Map<number, Waiting>();
  #nextId = 1;
  #startCount = 0;
  #isClosed = false;

  constructor(options: StoreThreadOptions) {
    this.#options = options;
    this.#worker = this.#start();
  }

  call<Name extends keyof Calls & string>(name: Name, args: CallArgs<Calls, Name>, transfer: ArrayBuffer[] = []): CallResult<Calls, Name> {
    const reply = new Promise<unknown>((resolve, reject) => {
      if (this.#isClosed) {
        reject(new TrafficError('STORE_FAILED', 'The store is closed.'));
        return;
      }
      const id = this.#nextId++;
      this.#waiting.set(id, { resolve, reject });
      this.#worker ??= this.#start();
      this.#worker.postMessage({ id, name, args }, transfer);
    });
    return reply as CallResult<Calls, Name>;
  }

  /**
   * Asks the thread to finish; it then ends by itself. Stopping it from here would break into whatever it is doing, native code of
   * the database and of Node included, so that is left for a thread that does not end.
   */
  async close(): Promise<void> {
    if (this.#isClosed) return;
    const worker = this.#worker;
    if (worker === undefined) {
      this.#isClosed = true;
      return;
    }
    const ended = new Promise<unknown>(resolve => worker.once('exit', resolve));
    const closed = this.call('close' as keyof Calls & string, [] as never);
    this.#isClosed = true;
    try {
      await closed;
    } finally {
      const lateness = setTimeout(() => void worker.terminate(), MAX_ENDING_MS);
      await ended;
      clearTimeout(lateness);
    }
  }

  #start(): Worker {
    const { entry, data, name } = this.#options;
    const worker = new Worker(entry, { workerData: data, name });
    worker.on('message', (message: WorkerReply | WorkerEvent) => this.#take(message));
    worker.on('error', error => this.#options.log.error('A store thread failed', { thread: name, error: String(error) }));
    worker.on('exit', () => this.#ended(worker));
    this.#startCount += 1;
    if (this.#startCount > 1) queueMicrotask(() => this.#options.onRestarted());
    return worker;
  }

  #take(message: WorkerReply | WorkerEvent): void {
    if ('event' in message) {
      this.#options.onEvent(message);
      return;
    }
    const waiting = this.#waiting.get(message.id);
    this.#waiting.delete(message.id);
    if (message.ok) waiting?.resolve(message.value);
    else waiting?.reject(new TrafficError(message.code, message.message));
  }

  #ended(worker: Worker): void {
    if (this.#worker === worker) this.#worker = undefined;
    for (const waiting of this.#waiting.values())
      waiting.reject(new TrafficError('STORE_FAILED', `The store's ${this.#options.name} thread ended.`));
    this.#waiting.clear();
  }
}
