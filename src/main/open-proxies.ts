/** Transparent proxies that are opened and closed while the host runs: each a listener, and the upstream behind it. */
import { TrafficError } from '../shared/errors/error-table.ts';
import type { ListenerInfo } from '../shared/model/host.ts';
import type { ProxyRequest } from './api/api-deps.ts';
import { type HttpListener, openHttpListener } from './listeners/http-listener.ts';
import type { Next } from './pipeline/stage.ts';
import type { Clock, Ids, Logger } from './ports.ts';
import type { Conversations } from './traffic/conversations.ts';
import { httpUpstream } from './upstreams/http-upstream.ts';

/** What `proxy` listens on unless told otherwise; a taken port moves to the next free one. */
export const defaultProxyPort = 7381;

export interface OpenProxiesDeps {
  readonly pipeline: Next;
  readonly conversations: Conversations;
  readonly clock: Clock;
  readonly ids: Ids;
  readonly log: Logger;
}

interface OpenProxy {
  readonly info: ListenerInfo;
  readonly upstream: URL;
  readonly listener: HttpListener;
  readonly closeUpstream: () => Promise<void>;
}

export class OpenProxies {
  readonly #deps: OpenProxiesDeps;
  readonly #byId = new Map<string, OpenProxy>();

  constructor(deps: OpenProxiesDeps) {
    this.#deps = deps;
  }

  infos(): ListenerInfo[] {
    return [...this.#byId.values()].map(({ info }) => info);
  }

  /** Rejects with BAD_CALL for an upstream that leads back here, and with CONFLICT when the named port is taken. */
  async open({ upstream, port, name }: ProxyRequest): Promise<ListenerInfo> {
    const { clock, log, ids } = this.#deps;
    const url = new URL(upstream);
    const connection = httpUpstream({ url, clock, log });
    const id = ids.next();
    try {
      const listener = await openHttpListener({
        ...this.#deps,
        host: '127.0.0.1',
        port: port ?? defaultProxyPort,
        isPortFixed: port !== undefined,
        name: name ?? '',
        upstream: connection,
        upstreamUrl: url,
      });
      if (this.#leadsTo(url, listener.port)) {
        await listener.close({ graceMs: 0 });
        throw new TrafficError('BAD_CALL', `${redactedUrl(url)} leads back to this proxy itself; name the address of the server.`);
      }
      const info: ListenerInfo = { id, name: name ?? url.host, kind: 'proxy', url: listener.url, upstream: redactedUrl(url) };
      this.#byId.set(id, { info, upstream: url, listener, closeUpstream: () => connection.close() });
      return info;
    } catch (error) {
      await connection.close();
      if ((error as NodeJS.ErrnoException).code !== 'EADDRINUSE') throw error;
      throw new TrafficError(
        'CONFLICT',
        `Port ${port ?? defaultProxyPort} is taken; name another one, or none to take the next that is free.`,
        {
          cause: error,
        },
      );
    }
  }

  /** Open streams are cut after `graceMs`. Rejects with NOT_FOUND. */
  async close(id: string, graceMs: number): Promise<void> {
    const proxy = this.#byId.get(id);
    if (proxy === undefined) throw new TrafficError('NOT_FOUND', `There is no listener ${id}.`);
    this.#byId.delete(id);
    await proxy.listener.close({ graceMs });
    await proxy.closeUpstream();
  }

  async closeAll(graceMs: number): Promise<void> {
    await Promise.all([...this.#byId.keys()].map(id => this.close(id, graceMs)));
  }

  /** Whether requests to `url` end up, through proxies of ours, at the local port: they would go round until nothing is left. */
  #leadsTo(url: URL, port: number): boolean {
    const proxies = [...this.#byId.values()];
    let next: URL | undefined = url;
    for (let step = 0; next !== undefined && step <= proxies.length; step += 1) {
      if (!/^(?:localhost|127\.\d+\.\d+\.\d+|\[::1\])$/.test(next.hostname)) return false;
      const nextPort: number = Number(next.port);
      if (nextPort === port) return true;
      next = proxies.find(proxy => proxy.listener.port === nextPort)?.upstream;
    }
    return false;
  }
}

/** The URL as it may be shown: without user and password. */
function redactedUrl(url: URL): string {
  if (url.username === '' && url.password === '') return url.href;
  const shown = new URL(url);
  shown.username = '';
  shown.password = '';
  return shown.href;
}
