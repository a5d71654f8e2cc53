/** The contract over the headless host's WebSocket. Reconnects by itself; calls in flight when it breaks fail as data. */
import type { Bridge, ClientMessage, HostMessage, Reply } from '../../shared/contract/wire.ts';
import { isSignedIn, signIn, takeToken } from './sign-in.ts';
import type { WireState, WireStateSource } from './wire-state.ts';

/** Waits between attempts to reconnect; the last one repeats. */
const RETRY_MS = [250, 500, 1000, 2000, 3000] as const;
/** More calls than this without an answer means the host hangs; further ones are refused instead of queued. */
const MAX_CALLS_IN_FLIGHT = 256;

interface Subscription {
  readonly onMessage: (seq: number, message: unknown) => void;
  readonly onClosed: (code: string, message: string) => void;
}

const gone: Reply<never> = { ok: false, code: 'SHUTTING_DOWN', message: 'The host cannot be reached.' };

export class SocketBridge implements Bridge, WireStateSource {
  #socket: WebSocket | undefined;
  #state: WireState = { kind: 'connecting' };
  #nextId = 1;
  #attempt = 0;
  #wasConnected = false;
  readonly #listeners = new Set<() => void>();
  readonly #calls = new Map<number, (reply: Reply<unknown>) => void>();
  readonly #subscriptions = new Map<number, Subscription>();

  get current(): WireState {
    return this.#state;
  }

  onChange(listener: () => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  /** Signs in with the token of the address, if there is one, and connects. */
  async start(): Promise<void> {
    const token = takeToken(window.location, window.history);
    const signedIn = token === undefined ? await isSignedIn() : await signIn(token);
    // A token is good once: after a reload of the printed address, the cookie of the first visit still holds.
    if (signedIn === 'refused' && (token === undefined || (await isSignedIn()) === 'refused')) return this.#unauthorised();
    this.#connect();
  }

  call(name: string, input: unknown): Promise<Reply<unknown>> {
    if (this.#state.kind !== 'connected') return Promise.resolve(gone);
    if (this.#calls.size >= MAX_CALLS_IN_FLIGHT)
      return Promise.resolve({ ok: false, code: 'CONFLICT', message: 'The host answers too slowly; too many calls wait.' });
    const id = this.#nextId++;
    return new Promise(resolve => {
      this.#calls.set(id, resolve);
      this.#send({ type: 'call', id, name, input });
    });
  }

  subscribe(topic: string, params: unknown, onMessage: Subscription['onMessage'], onClosed: Subscription['onClosed']): () => void {
    if (this.#state.kind !== 'connected') {
      queueMicrotask(() => onClosed(gone.ok ? '' : gone.code, 'The host cannot be reached.'));
      return () => {};
    }
    const id = this.#nextId++;
    this.#subscriptions.set(id, { onMessage, onClosed });
    this.#send({ type: 'subscribe', id, topic, params });
    return () => {
      if (this.#subscriptions.delete(id)) this.#send({ type: 'unsubscribe', id });
    };
  }

  #connect(): void {
    const { protocol, host } = window.location;
    const socket = new WebSocket(`${protocol === 'https:' ? 'wss' : 'ws'}://${host}/contract`);
    this.#socket = socket;
    socket.addEventListener('open', () => {
      this.#attempt = 0;
      this.#wasConnected = true;
      this.#become({ kind: 'connected' });
    });
    socket.addEventListener('message', event => {
      if (typeof event.data === 'string') this.#receive(JSON.parse(event.data) as HostMessage);
    });
    socket.addEventListener('close', () => {
      if (this.#socket === socket) this.#lost();
    });
  }

  #receive(message: HostMessage): void {
    switch (message.type) {
      case 'reply': {
        const resolve = this.#calls.get(message.id);
        this.#calls.delete(message.id);
        resolve?.(message.reply);
        return;
      }
      case 'message':
        this.#subscriptions.get(message.id)?.onMessage(message.seq, message.message);
        return;
      case 'closed': {
        const subscription = this.#subscriptions.get(message.id);
        this.#subscriptions.delete(message.id);
        subscription?.onClosed(message.code, message.message);
      }
    }
  }

  #lost(): void {
    this.#socket = undefined;
    const sinceAt = this.#state.kind === 'lost' ? this.#state.sinceAt : Date.now();
    this.#become({ kind: 'lost', sinceAt, attempt: this.#attempt });
    for (const resolve of this.#calls.values()) resolve(gone);
    this.#calls.clear();
    const closed = [...this.#subscriptions.values()];
    this.#subscriptions.clear();
    for (const subscription of closed) subscription.onClosed('SHUTTING_DOWN', 'The host cannot be reached.');
    const waitMs = RETRY_MS[Math.min(this.#attempt, RETRY_MS.length - 1)] ?? 3000;
    this.#attempt += 1;
    setTimeout(() => void this.#retry(), waitMs);
  }

  async #retry(): Promise<void> {
    // A restarted host may have forgotten its cookies; without this question the window would knock in vain.
    const signedIn = await isSignedIn();
    if (signedIn === 'refused') return this.#unauthorised();
    if (signedIn === 'unreachable') return this.#lost();
    this.#connect();
  }

  /** Another tab that opens the printed address signs this one in too, for they share their cookies: so it keeps asking. */
  #unauthorised(): void {
    this.#become({ kind: 'unauthorised', wasConnected: this.#wasConnected });
    setTimeout(() => void this.#retry(), RETRY_MS.at(-1));
  }

  #send(message: ClientMessage): void {
    if (this.#socket?.readyState === WebSocket.OPEN) this.#socket.send(JSON.stringify(message));
  }

  #become(state: WireState): void {
    this.#state = state;
    for (const listener of this.#listeners) listener();
  }
}
