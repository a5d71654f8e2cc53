/** Which session an HTTP request belongs to: what a stdio process says by existing, HTTP says in headers, bodies and connections. */
import type { Socket } from 'node:net';
import type { Conversation } from '../traffic/conversation.ts';
import type { Conversations } from '../traffic/conversations.ts';
import type { Clock } from '../ports.ts';
import { keptKey } from '../support/kept-text.ts';
import { identityOf, isInitialize, type Identity } from './http-identity.ts';

/** Beyond this the id that was not used for longest is forgotten; its next request opens a session of its own. */
const MAX_REMEMBERED = 10_000;
/**
 * Recorded sessions that are open at once. Anybody can claim new ids or names, before it is known who asks; the one that was opened
 * first and has nothing under way then ends, and begins anew with its next request.
 */
const MAX_OPEN = 12_000;
/** So many are looked at for one to end, since those that have something under way stay. */
const MAX_LOOKED_AT = 50;
/** A modern client has no session on the wire; after this pause the same client begins a new one here. */
const IDENTITY_GAP_MS = 5 * 60_000;
const IDLE_END_MS = 30 * 60_000;
const SWEEP_MS = 60_000;
/** A session of which everything was refused ends after this: whoever tries again at once is the same one still. */
const REFUSED_END_MS = 5_000;

export interface HttpSessionsDeps {
  readonly conversations: Conversations;
  readonly clock: Clock;
  /** The name a person gave the server, or empty. */
  readonly serverName: string;
  readonly serverNameUntilKnown: string;
  /** Address of the upstream for display, secrets masked. */
  readonly upstream: string;
  /** After this long without a frame a session ends, ms; half an hour unless told otherwise. */
  readonly idleEndMs?: number;
}

/** What of a request tells its session. */
export interface SessionHints {
  readonly socket: Socket;
  readonly path: string;
  /** A GET that asks for an event stream. */
  readonly isStreamRequest: boolean;
  readonly sessionId: string | undefined;
  readonly userAgent: string | undefined;
  /** The body, when it is whole and small. */
  readonly body: Uint8Array | undefined;
}

/** The session of a request, and what to learn from its answer. */
export interface Placed {
  readonly conversation: Conversation;
  readonly isInitialize: boolean;
}

export class HttpSessions {
  readonly #deps: HttpSessionsDeps;
  /** By `Mcp-Session-Id`, long ones by their hash: anybody can claim 10,000 of 64 KiB. Insertion order is age of use. */
  readonly #byId = new Map<string, Conversation>();
  /** By path and query that an HTTP+SSE stream named. */
  readonly #byEndpoint = new Map<string, Conversation>();
  /** Sessions without an id of their own, by who asks. */
  readonly #byIdentity = new Map<string, Conversation>();
  readonly #identityKeys = new WeakMap<Conversation, string>();
  readonly #bySocket = new WeakMap<Socket, { readonly conversation: Conversation; readonly identity: Identity }>();
  /** Legacy sessions whose server gave no id: their GET stream has none either. */
  readonly #withoutId = new WeakSet<Conversation>();
  readonly #open = new Map<string, Conversation>();
  readonly #sweep: NodeJS.Timeout;
  readonly #served = new WeakSet<Conversation>();
  /** Those of which nothing was served, and something refused. */
  readonly #barren = new Set<Conversation>();
  #barrenTimer: NodeJS.Timeout | undefined;
  #refused: Conversation | undefined;

  constructor(deps: HttpSessionsDeps) {
    this.#deps = deps;
    this.#sweep = setInterval(() => this.#endIdle(), SWEEP_MS).unref();
  }

  /** Finds or opens the session of a request that may pass. */
  place(hints: SessionHints): Placed {
    const { sessionId } = hints;
    const idKey = sessionId === undefined ? undefined : keptKey(sessionId);
    const byId = idKey === undefined ? this.#byEndpoint.get(hints.path) : this.#byId.get(idKey);
    if (byId !== undefined && !byId.isEnded) {
      if (idKey !== undefined) remember(this.#byId, idKey, byId);
      return { conversation: byId, isInitialize: idKey === undefined && isInitialize(hints.body) };
    }
    if (idKey !== undefined) {
      // Unknown to us (we were restarted, or it never was real): later requests with it belong together.
      const conversation = this.#openFor(hints, identityOf(hints));
      remember(this.#byId, idKey, conversation);
      return { conversation, isInitialize: false };
    }
    return this.#placeByClient(hints);
  }

  /** Requests that are refused at the door (foreign Host or Origin) never touch the session of a real client. */
  placeRefused(hints: SessionHints): Conversation {
    if (this.#refused === undefined || this.#refused.isEnded) this.#refused = this.#openNamed(identityOf(hints).displayName);
    return this.#refused;
  }

  /** A request of it was answered by more than a refusal. */
  served(conversation: Conversation): void {
    this.#served.add(conversation);
    this.#barren.delete(conversation);
  }

  /** A request of it was refused before anybody knew whose it is, or its handshake got no answer of the server. Unless more comes of it, it ends soon: there is nobody to be live. */
  turnedAway(conversation: Conversation): void {
    if (this.#served.has(conversation)) return;
    this.#barren.add(conversation);
    this.#barrenTimer ??= setInterval(() => this.#endBarren(), REFUSED_END_MS).unref();
  }

  /** The answer to an `initialize` named the session. Only such an answer is believed. */
  learnId(conversation: Conversation, sessionId: string): void {
    remember(this.#byId, keptKey(sessionId), conversation);
    this.#hideFromOthers(conversation);
  }

  /** The server answered an `initialize` without naming a session. */
  learnNoId(conversation: Conversation): void {
    this.#withoutId.add(conversation);
  }

  /** An HTTP+SSE stream named where its client will POST. */
  learnEndpoint(conversation: Conversation, path: string): void {
    conversation.speaks('http-sse');
    remember(this.#byEndpoint, path, conversation);
    this.#hideFromOthers(conversation);
  }

  /** The server ended or lost the session. */
  forgetId(sessionId: string, reason: string): void {
    const key = keptKey(sessionId);
    const conversation = this.#byId.get(key);
    this.#byId.delete(key);
    if (conversation !== undefined) this.#end(conversation, reason);
  }

  close(reason: string): void {
    clearInterval(this.#sweep);
    clearInterval(this.#barrenTimer);
    for (const conversation of this.#open.values()) this.#end(conversation, reason);
  }

  /** One coarse timer for all sessions. */
  #endIdle(): void {
    const before = this.#deps.clock.now() - (this.#deps.idleEndMs ?? IDLE_END_MS);
    for (const conversation of this.#open.values())
      if (conversation.isEnded) this.#open.delete(conversation.id);
      else if (conversation.openHopCount === 0 && conversation.lastAt < before) this.#end(conversation, 'idle');
    for (const map of [this.#byId, this.#byEndpoint, this.#byIdentity])
      for (const [key, conversation] of map) if (conversation.isEnded) map.delete(key);
  }

  #endBarren(): void {
    const before = this.#deps.clock.now() - REFUSED_END_MS;
    for (const conversation of this.#barren)
      if (conversation.isEnded) this.#barren.delete(conversation);
      else if (conversation.openHopCount === 0 && conversation.lastAt <= before) this.#end(conversation, 'everything was refused');
    if (this.#barren.size > 0) return;
    clearInterval(this.#barrenTimer);
    this.#barrenTimer = undefined;
  }

  #placeByClient(hints: SessionHints): Placed {
    const identity = identityOf(hints);
    if (isInitialize(hints.body)) return { conversation: this.#openFor(hints, identity), isInitialize: true };
    const known = this.#onSocket(hints.socket, identity) ?? this.#alive(this.#byIdentity.get(identity.key));
    // A stream opened out of nothing may be the one of HTTP+SSE (2024-11-05), and each of those is a session.
    const mayJoin = known !== undefined && (!hints.isStreamRequest || this.#withoutId.has(known));
    const conversation = mayJoin ? known : this.#openFor(hints, identity);
    this.#bySocket.set(hints.socket, { conversation, identity });
    return { conversation, isInitialize: false };
  }

  #onSocket(socket: Socket, identity: Identity): Conversation | undefined {
    const last = this.#bySocket.get(socket);
    if (last === undefined) return undefined;
    // A request without a body says less of its client than one with; it is the same client then.
    const isSame = last.identity.key === identity.key || (!identity.isNamed && last.identity.userAgent === identity.userAgent);
    return isSame ? this.#alive(last.conversation) : undefined;
  }

  #alive(conversation: Conversation | undefined): Conversation | undefined {
    if (conversation === undefined || conversation.isEnded) return undefined;
    const isRecent = conversation.openHopCount > 0 || conversation.lastAt > this.#deps.clock.now() - IDENTITY_GAP_MS;
    return isRecent ? conversation : undefined;
  }

  #openNamed(clientName: string): Conversation {
    const { conversations, serverName, serverNameUntilKnown, upstream } = this.#deps;
    if (this.#open.size >= MAX_OPEN) this.#makeRoom();
    const conversation = conversations.open({ transport: 'streamable-http', clientName, serverName, serverNameUntilKnown, upstream });
    this.#open.set(conversation.id, conversation);
    return conversation;
  }

  #makeRoom(): void {
    let lookedAt = 0;
    for (const conversation of this.#open.values()) {
      if (conversation.openHopCount === 0 && conversation !== this.#refused) {
        this.#end(conversation, 'too many sessions are open');
        return;
      }
      // Those at the front would be looked at again and again.
      this.#open.delete(conversation.id);
      this.#open.set(conversation.id, conversation);
      lookedAt += 1;
      if (lookedAt === MAX_LOOKED_AT) return;
    }
  }

  #openFor({ socket, sessionId }: SessionHints, identity: Identity): Conversation {
    const conversation = this.#openNamed(identity.displayName);
    this.#bySocket.set(socket, { conversation, identity });
    if (sessionId !== undefined) return conversation;
    remember(this.#byIdentity, identity.key, conversation);
    this.#identityKeys.set(conversation, identity.key);
    return conversation;
  }

  /** It is found by its own id from here on, so that no other session of the same client slips into it. */
  #hideFromOthers(conversation: Conversation): void {
    const key = this.#identityKeys.get(conversation);
    if (key !== undefined && this.#byIdentity.get(key) === conversation) this.#byIdentity.delete(key);
  }

  #end(conversation: Conversation, reason: string): void {
    this.#open.delete(conversation.id);
    this.#barren.delete(conversation);
    this.#deps.conversations.end(conversation.id, { at: this.#deps.clock.now(), reason });
  }
}

/** Puts a key in front in age of use and drops the oldest beyond the cap. */
function remember(map: Map<string, Conversation>, key: string, conversation: Conversation): void {
  map.delete(key);
  map.set(key, conversation);
  if (map.size > MAX_REMEMBERED) map.delete(map.keys().next().value as string);
}
