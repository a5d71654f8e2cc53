/** The protected resource metadata of our routes (RFC 9728): how a client finds out where to get a token. */
import type { ListenerConfig, RouteConfig } from '../../../shared/config/schema.ts';

const WELL_KNOWN = '/.well-known/oauth-protected-resource';

/** What clients dial, and what their tokens are to be bound to: the origin of `publicUrl` and the route's path. */
export function resourceOf(publicUrl: string, path: string): string {
  return new URL(publicUrl).origin + path;
}

/** Where the metadata of a route stands: the well-known part comes between host and path (RFC 9728, 3.1). */
export function metadataAddress(publicUrl: string, path: string): string {
  return new URL(publicUrl).origin + WELL_KNOWN + (path === '/' ? '' : path);
}

/** Undefined where there is nothing to tell: no auth, no address, or API keys only, which no issuer gives out. */
export function protectedResourceMetadata(listener: ListenerConfig, route: RouteConfig): Readonly<Record<string, unknown>> | undefined {
  const { auth, publicUrl } = listener;
  if (auth === undefined || publicUrl === undefined || auth.issuers.length === 0) return undefined;
  const scopes = [...new Set([...route.scopes, ...route.stepUp.flatMap(step => step.scopes)])].filter(scope => scope !== 'offline_access');
  return {
    resource: resourceOf(publicUrl, route.path),
    authorization_servers: [...new Set(auth.issuers.map(({ issuer }) => issuer))],
    bearer_methods_supported: ['header'],
    ...(scopes.length === 0 ? {} : { scopes_supported: scopes }),
  };
}

/**
 * The JSON text for a path below `/.well-known/`, as on the request line; undefined for everything that is answered 404.
 * The root address names a resource only where there is no doubt which: the route `/`, or the only one. There is nothing at
 * `/.well-known/oauth-authorization-server`, where clients of 2025-03-26 look: we are no authorization server.
 */
export function wellKnownAnswer(listener: ListenerConfig, path: string): string | undefined {
  const [address = ''] = path.split('?', 1);
  if (address !== WELL_KNOWN && !address.startsWith(`${WELL_KNOWN}/`)) return undefined;
  const routePath = address.slice(WELL_KNOWN.length);
  const isRoot = routePath === '' || routePath === '/';
  const route =
    listener.routes.find(known => known.path === (isRoot ? '/' : routePath)) ??
    (isRoot && listener.routes.length === 1 ? listener.routes[0] : undefined);
  const metadata = route === undefined ? undefined : protectedResourceMetadata(listener, route);
  return metadata === undefined ? undefined : JSON.stringify(metadata);
}
