/** Listeners and the admin port: who can reach them, what two of them may not share, and where their routes lead. */
import { knowsSomebody } from '../../../shared/config/auth-word.ts';
import { nearestWord } from '../../../shared/filters/nearest-word.ts';
import type { Config, ListenerConfig } from '../../../shared/config/schema.ts';
import type { ConfigFinding, ConfigPath } from '../config-problem.ts';
import { isLoopbackHost } from '../../support/address-ranges.ts';
import { cidrProblem, type ConfigCheck, repeated, warning } from './check.ts';

export const checkListeners: ConfigCheck = config => [
  ...repeated(config.listeners, ({ name }) => name).map(({ at }) => ({
    path: ['listeners', at, 'name'],
    message: `Another listener is named ${config.listeners[at]?.name}; choose another name.`,
  })),
  ...sharedPorts(config),
  ...adminReach(config),
  ...config.listeners.flatMap((listener, at) => [
    ...reach(listener, ['listeners', at]),
    ...routes(listener, ['listeners', at], config),
    ...tls(listener, ['listeners', at]),
    ...names(listener, ['listeners', at]),
  ]),
];

/** Two may share a port on different addresses; an address for all takes the port of every other. */
function sharedPorts({ listeners, admin }: Config): ConfigFinding[] {
  const bound = listeners.map(({ host, port, name }, at) => ({ host, port, name: `listener ${name}`, path: ['listeners', at] }));
  if (admin.enabled) bound.push({ host: admin.host, port: admin.port, name: 'admin', path: ['admin'] });
  return bound.flatMap((one, at) => {
    const other = bound.slice(0, at).find(before => before.port === one.port && one.port !== 0 && overlap(before.host, one.host));
    return other === undefined
      ? []
      : [{ path: [...one.path, 'port'], message: `Port ${one.port} is taken by ${other.name}; choose another port.` }];
  });
}

function overlap(a: string, b: string): boolean {
  const plain = (host: string) =>
    host
      .replace(/^\[|\]$/g, '')
      .toLowerCase()
      .replace(/^localhost$/, '127.0.0.1');
  const isForAll = (host: string) => host === '0.0.0.0' || host === '::';
  return plain(a) === plain(b) || isForAll(plain(a)) || isForAll(plain(b));
}

function adminReach({ admin }: Config): ConfigFinding[] {
  if (!admin.enabled || isLoopbackHost(admin.host) || admin.token !== undefined) return [];
  return [{ path: ['admin', 'host'], message: `Others reach ${admin.host}: set admin.token, or bind 127.0.0.1.` }];
}

function reach(listener: ListenerConfig, path: ConfigPath): ConfigFinding[] {
  const { auth } = listener;
  if (auth === undefined) return open(listener, path);
  return [...(auth.mode === 'optional' ? withoutCredentials(listener, path) : []), ...dialled(listener, path)];
}

/** Whoever sends no credentials is anonymous; where none are known nobody could send any, and `auth` keeps nobody out. */
function withoutCredentials(listener: ListenerConfig, path: ConfigPath): ConfigFinding[] {
  const { host, insecure } = listener;
  if (!knowsSomebody(listener)) return open(listener, path);
  if (insecure || isLoopbackHost(host)) return [];
  return [
    warning(
      [...path, 'auth', 'mode'],
      `Everybody who reaches ${host} may use this listener without credentials, as far as policies allow.`,
    ),
  ];
}

/** Of a listener with auth. */
function dialled({ publicUrl }: ListenerConfig, path: ConfigPath): ConfigFinding[] {
  if (publicUrl === undefined)
    return [{ path: [...path, 'publicUrl'], message: 'Add publicUrl, the address that clients dial: with auth, tokens are bound to it.' }];
  const url = new URL(publicUrl);
  if (url.search !== '' || url.hash !== '' || url.username !== '')
    return [{ path: [...path, 'publicUrl'], message: 'Leave query, fragment and user out of publicUrl.' }];
  if (url.protocol === 'http:' && !isLoopbackHost(url.hostname))
    return [warning([...path, 'publicUrl'], 'Tokens and keys travel in the clear over http; use https.')];
  return [];
}

/** Of a listener that asks nobody for credentials. */
function open({ host, insecure }: ListenerConfig, path: ConfigPath): ConfigFinding[] {
  if (isLoopbackHost(host)) return [];
  if (insecure) return [warning([...path, 'insecure'], `Everybody who reaches ${host} may use this listener.`)];
  return [
    { path: [...path, 'host'], message: `Others reach ${host}: add auth, bind 127.0.0.1, or say insecure: true if everybody may use it.` },
  ];
}

function routes(listener: ListenerConfig, path: ConfigPath, { upstreams }: Config): ConfigFinding[] {
  const findings: ConfigFinding[] = repeated(listener.routes, route => trimmed(route.path)).map(({ at, firstAt }) => ({
    path: [...path, 'routes', at, 'path'],
    message: `Route ${firstAt + 1} of this listener has this path already; choose another one.`,
  }));
  for (const [at, route] of listener.routes.entries()) {
    const routePath = [...path, 'routes', at];
    if (!Object.hasOwn(upstreams, route.upstream))
      findings.push(unknownUpstream([...routePath, 'upstream'], route.upstream, Object.keys(upstreams)));
    if (/^\/\.well-known(?:\/|$)/i.test(route.path))
      findings.push({ path: [...routePath, 'path'], message: 'Choose a path outside /.well-known: the gateway answers there itself.' });
    if (listener.auth !== undefined) continue;
    if (route.scopes.length > 0)
      findings.push({ path: [...routePath, 'scopes'], message: 'Scopes need auth on this listener; add it, or remove the scopes.' });
    if (route.stepUp.length > 0)
      findings.push({ path: [...routePath, 'stepUp'], message: 'stepUp needs auth on this listener; add it, or remove stepUp.' });
  }
  return findings;
}

const trimmed = (path: string) => (path.length > 1 ? path.replace(/\/+$/, '') : path);

function unknownUpstream(path: ConfigPath, name: string, known: readonly string[]): ConfigFinding {
  const guess = nearestWord(name, known);
  const all = known.length === 0 ? 'none is configured' : `there are ${known.slice(0, 10).join(', ')}`;
  return {
    path,
    message: `No upstream is named ${name}; ${guess === undefined ? all : `did you mean ${guess}?`}${guess === undefined ? '.' : ''}`,
  };
}

function tls({ tls: config }: ListenerConfig, path: ConfigPath): ConfigFinding[] {
  if (config === undefined) return [];
  const findings: ConfigFinding[] = repeated(config.names, ({ serverName }) => serverName.toLowerCase()).map(({ at }) => ({
    path: [...path, 'tls', 'names', at, 'serverName'],
    message: 'This name has a certificate already; remove one of the two.',
  }));
  if (config.clientCertificates !== 'none' && config.clientCa === undefined)
    findings.push({
      path: [...path, 'tls', 'clientCertificates'],
      message: 'Add clientCa: without it no client certificate can be checked.',
    });
  if (config.clientCertificates === 'none' && config.clientCa !== undefined)
    findings.push(warning([...path, 'tls', 'clientCa'], 'clientCa is not used while clientCertificates is none.'));
  return findings;
}

/** Texts that look right and would never match. */
function names(listener: ListenerConfig, path: ConfigPath): ConfigFinding[] {
  return [
    ...listener.trustedProxies.flatMap((text, at) => {
      const message = cidrProblem(text);
      return message === undefined ? [] : [{ path: [...path, 'trustedProxies', at], message }];
    }),
    ...listener.allowedHosts.flatMap((text, at) =>
      /[/\s]/.test(text)
        ? [{ path: [...path, 'allowedHosts', at], message: 'Write a host name alone, such as gw.example or gw.example:8443.' }]
        : [],
    ),
    ...listener.allowedOrigins.flatMap((text, at) =>
      isOrigin(text)
        ? []
        : [{ path: [...path, 'allowedOrigins', at], message: 'Write an origin such as https://app.example, without a path.' }],
    ),
  ];
}

function isOrigin(text: string): boolean {
  if (!URL.canParse(text)) return false;
  const url = new URL(text);
  // Schemes of extensions and apps have the origin "null" here, and are sent as they are.
  return url.origin === text || (url.origin === 'null' && /^[a-z][a-z0-9+.-]*:\/\/[^/]+$/i.test(text));
}
