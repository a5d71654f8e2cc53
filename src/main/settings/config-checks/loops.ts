/** Upstreams that lead back to a route of the same gateway and round again: one call would become as many as may be under way at once. */
import type { Config, ListenerConfig } from '../../../shared/config/schema.ts';
import type { ConfigFinding } from '../config-problem.ts';
import { isLoopbackHost } from '../../support/address-ranges.ts';
import type { ConfigCheck } from './check.ts';

export const checkLoops: ConfigCheck = config => {
  const next = new Map(Object.keys(config.upstreams).map(name => [name, ownTargets(config, name)] as const));
  return [...next].flatMap(([name, targets]) =>
    targets
      .filter(({ upstream }) => leadsTo(next, upstream, name))
      .map(({ at, route, upstream }): ConfigFinding => ({
        path: ['upstreams', name, 'instances', at, 'url'],
        message: `This is the route ${route} of the gateway itself, which leads to ${upstream === name ? 'this upstream' : upstream} and round again.`,
      })),
  );
};

interface OwnTarget {
  /** Of the instance. */
  readonly at: number;
  readonly route: string;
  readonly upstream: string;
}

/** Where instances of an upstream are routes of ours. Listeners on a port that the system chooses cannot be known. */
function ownTargets({ listeners, upstreams }: Config, name: string): OwnTarget[] {
  return (upstreams[name]?.instances ?? []).flatMap(({ url, disabled }, at) => {
    if (url === undefined || disabled) return [];
    const target = new URL(url);
    const routes = listeners.filter(listener => isServedBy(target, listener)).flatMap(listener => listener.routes);
    const route = routes.find(({ path }) => path === target.pathname || `${path}/` === target.pathname);
    return route === undefined ? [] : [{ at, route: route.path, upstream: route.upstream }];
  });
}

function isServedBy(target: URL, { host, port, tls, publicUrl }: ListenerConfig): boolean {
  if (publicUrl !== undefined && new URL(publicUrl).origin === target.origin) return true;
  const dialled = Number(target.port === '' ? (target.protocol === 'https:' ? 443 : 80) : target.port);
  if (port === 0 || dialled !== port || (target.protocol === 'https:') !== (tls !== undefined)) return false;
  const bound = host.replace(/^\[|\]$/g, '');
  const isEvery = bound === '::' || bound === '0.0.0.0';
  return target.hostname.replace(/^\[|\]$/g, '') === bound || (isLoopbackHost(target.hostname) && (isEvery || isLoopbackHost(bound)));
}

function leadsTo(next: ReadonlyMap<string, readonly OwnTarget[]>, from: string, to: string): boolean {
  const seen = new Set<string>();
  const ahead = [from];
  for (let name = ahead.pop(); name !== undefined; name = ahead.pop()) {
    if (name === to) return true;
    if (seen.has(name)) continue;
    seen.add(name);
    ahead.push(...(next.get(name) ?? []).map(({ upstream }) => upstream));
  }
  return false;
}
