/** The recorded sessions of the routes of a gateway; they outlive a reload of the configuration. */
import { HttpSessions } from '../listeners/http-sessions.ts';
import type { Clock } from '../ports.ts';
import type { Conversations } from '../traffic/conversations.ts';

export interface RouteSessions {
  readonly listener: string;
  /** Path of the route; empty for what belongs to none. */
  readonly key: string;
  readonly serverName: string;
  readonly upstream: string;
  /** Idle ones end after this, ms. */
  readonly idleMs: number;
}

export class SessionsKeeper {
  readonly #deps: { readonly conversations: Conversations; readonly clock: Clock };
  readonly #byKey = new Map<string, { readonly listener: string; readonly sessions: HttpSessions }>();

  constructor(deps: { readonly conversations: Conversations; readonly clock: Clock }) {
    this.#deps = deps;
  }

  /** The same ones each time, until they are closed. */
  of({ listener, key, serverName, upstream, idleMs }: RouteSessions): HttpSessions {
    const name = `${listener} ${key} ${serverName}`;
    let known = this.#byKey.get(name);
    if (known === undefined) {
      known = {
        listener,
        sessions: new HttpSessions({ ...this.#deps, serverName, serverNameUntilKnown: serverName, upstream, idleEndMs: idleMs }),
      };
      this.#byKey.set(name, known);
    }
    return known.sessions;
  }

  /** Those of all its routes. */
  closeListener(listener: string, reason: string): void {
    for (const [key, entry] of this.#byKey)
      if (entry.listener === listener) {
        entry.sessions.close(reason);
        this.#byKey.delete(key);
      }
  }

  closeAll(reason: string): void {
    for (const { sessions } of this.#byKey.values()) sessions.close(reason);
    this.#byKey.clear();
  }
}
