/** Requests of a server to its client, under ids that no other server behind the same upstream uses. */
import type { Slot } from './message-scan.ts';

export interface ServerRequest {
  readonly ourId: string;
  readonly serverId: Slot;
  readonly token: Slot | undefined;
  /** Ticks since nobody was there to hear or answer it. */
  unheardTicks: number;
}

/** More unanswered questions than any client has open; beyond it the oldest has to be settled before another is added. */
const MAX_COUNT = 1000;

export class ServerRequests {
  readonly #nextId: () => string;
  readonly #byOurId = new Map<string, ServerRequest>();
  readonly #byServerId = new Map<string, ServerRequest>();

  /** `nextId` gives the JSON text of a number that was never given before. */
  constructor(nextId: () => string) {
    this.#nextId = nextId;
  }

  add(serverId: Slot, token: Slot | undefined): ServerRequest {
    const request = { ourId: this.#nextId(), serverId, token, unheardTicks: 0 };
    this.#byOurId.set(request.ourId, request);
    this.#byServerId.set(serverId.key, request);
    return request;
  }

  /** Undefined while there is room. */
  get oldestOfFull(): ServerRequest | undefined {
    return this.#byOurId.size < MAX_COUNT ? undefined : this.#byOurId.values().next().value;
  }

  /** Also where a client turned the number into a string. */
  find(key: string): ServerRequest | undefined {
    return this.#byOurId.get(key.startsWith('"') ? key.slice(1, -1) : key);
  }

  findByServer(key: string): ServerRequest | undefined {
    return this.#byServerId.get(key);
  }

  all(): IterableIterator<ServerRequest> {
    return this.#byOurId.values();
  }

  settle(request: ServerRequest): void {
    this.#byOurId.delete(request.ourId);
    if (this.#byServerId.get(request.serverId.key) === request) this.#byServerId.delete(request.serverId.key);
  }
}
