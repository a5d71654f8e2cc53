/** A minimal client of the Chrome DevTools Protocol: commands, events, flat sessions. */
import { EventEmitter } from 'node:events';

type Params = Record<string, unknown>;
interface Waiting {
  readonly resolve: (result: never) => void;
  readonly reject: (error: Error) => void;
}

/** One connection to the browser. Sessions of targets share it. */
export class Cdp {
  readonly #socket: WebSocket;
  readonly #waiting = new Map<number, Waiting>();
  readonly #events = new Map<string, EventEmitter>();
  #lastId = 0;

  private constructor(socket: WebSocket) {
    this.#socket = socket;
    socket.addEventListener('message', event => this.#receive(JSON.parse(String(event.data)) as Incoming));
    socket.addEventListener('close', () => this.#failAll());
  }

  static async connect(url: string): Promise<Cdp> {
    const socket = new WebSocket(url);
    await new Promise((resolve, reject) => {
      socket.addEventListener('open', resolve, { once: true });
      socket.addEventListener('error', () => reject(new Error(`No DevTools at ${url}`)), { once: true });
    });
    return new Cdp(socket);
  }

  /** The browser itself without a session id, else one attached target. */
  session(sessionId = ''): Session {
    const events = this.#events.get(sessionId) ?? new EventEmitter();
    this.#events.set(sessionId, events);
    return {
      events,
      send: (method, params = {}) => this.#send(sessionId, method, params),
    };
  }

  close(): void {
    this.#socket.close();
  }

  #send<T>(sessionId: string, method: string, params: Params): Promise<T> {
    this.#lastId += 1;
    const id = this.#lastId;
    return new Promise<T>((resolve, reject) => {
      this.#waiting.set(id, { resolve: resolve as Waiting['resolve'], reject });
      this.#socket.send(JSON.stringify({ id, method, params, ...(sessionId === '' ? {} : { sessionId }) }));
    });
  }

  #receive(message: Incoming): void {
    if (message.id === undefined) {
      this.#events.get(message.sessionId ?? '')?.emit(message.method ?? '', message.params);
      return;
    }
    const waiting = this.#waiting.get(message.id);
    this.#waiting.delete(message.id);
    if (message.error) waiting?.reject(new Error(message.error.message));
    else waiting?.resolve(message.result as never);
  }

  #failAll(): void {
    for (const { reject } of this.#waiting.values()) reject(new Error('The browser is gone'));
    this.#waiting.clear();
  }
}

interface Incoming {
  readonly id?: number;
  readonly sessionId?: string;
  readonly method?: string;
  readonly params?: Params;
  readonly result?: unknown;
  readonly error?: { readonly message: string };
}

export interface Session {
  readonly events: EventEmitter;
  send<T = unknown>(method: string, params?: Params): Promise<T>;
}
