/** The HTTP door of `proxy`: a loopback listener before one upstream. */
import type { Next, Upstream } from '../pipeline/stage.ts';
import type { Clock, Ids, Logger } from '../ports.ts';
import type { Conversations } from '../traffic/conversations.ts';
import { localDoor } from './http-admission.ts';
import type { Served } from './http-exchange.ts';
import { openHttpDoor } from './http-door.ts';
import { HttpSessions } from './http-sessions.ts';

export interface HttpListenerOptions {
  /** `127.0.0.1` unless a person asked for something else. */
  readonly host: string;
  /** 0 picks a free one. */
  readonly port: number;
  /** False lets a taken port move to the next free one. */
  readonly isPortFixed?: boolean;
  /** The name a person gave the server; empty for none. */
  readonly name?: string;
  readonly upstream: Upstream;
  /** URL of the upstream: its path is served under the same path, its address is shown (without credentials and query). */
  readonly upstreamUrl: URL;
  readonly pipeline: Next;
  readonly conversations: Conversations;
  readonly clock: Clock;
  readonly ids: Ids;
  readonly log: Logger;
}

export interface HttpListener {
  /** What a client dials, path included. */
  readonly url: string;
  readonly port: number;
  /** Stops accepting, lets answers finish for `graceMs`, then closes every connection and ends the sessions. */
  close(options: { readonly graceMs: number }): Promise<void>;
}

/** Rejects with the error of `listen` (EADDRINUSE …). */
export async function openHttpListener(options: HttpListenerOptions): Promise<HttpListener> {
  const { host, port, isPortFixed = true, name = '', upstream, upstreamUrl, pipeline, conversations, clock, ids, log } = options;
  const sessions = new HttpSessions({
    conversations,
    clock,
    serverName: name,
    serverNameUntilKnown: upstreamUrl.host,
    upstream: `${upstreamUrl.origin}${upstreamUrl.pathname}`,
  });
  const served: Served = {
    route: { name: name === '' ? upstreamUrl.host : name, transport: 'streamable-http', upstream, basePath: '/' },
    pipeline,
    sessions,
  };
  const door = await openHttpDoor({
    host,
    port,
    isPortFixed,
    serving: { door: localDoor(host), find: () => served },
    clock,
    ids,
    log,
  });
  return {
    url: `${door.origin}${upstreamUrl.pathname}`,
    port: door.port,
    async close({ graceMs }) {
      await door.close({ graceMs });
      sessions.close('listener closed');
    },
  };
}
