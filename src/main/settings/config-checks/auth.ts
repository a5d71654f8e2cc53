/** Authentication: somebody can get in, and nobody by a mistake. */
import { knowsSomebody } from '../../../shared/config/auth-word.ts';
import type { AuthConfig, Config, ListenerConfig } from '../../../shared/config/schema.ts';
import type { ConfigFinding, ConfigPath } from '../config-problem.ts';
import { isLoopbackHost } from '../../support/address-ranges.ts';
import { type ConfigCheck, repeated, warning } from './check.ts';

export const checkAuth: ConfigCheck = config => [
  ...config.listeners.flatMap((listener, at) =>
    listener.auth === undefined ? [] : authFindings(listener, listener.auth, ['listeners', at, 'auth']),
  ),
  ...sharedKeyIds(config),
];

function authFindings(listener: ListenerConfig, auth: AuthConfig, path: ConfigPath): ConfigFinding[] {
  return [
    ...nobodyGetsIn(listener, auth, path),
    ...repeated(auth.apiKeys, ({ id }) => id).map(({ at }) => ({
      path: [...path, 'apiKeys', at, 'id'],
      message: 'Another key of this listener has this id; choose another one.',
    })),
    ...repeated(auth.apiKeys, ({ hash }) => hash).map(({ at, firstAt }) => ({
      path: [...path, 'apiKeys', at, 'hash'],
      message: `This is the same key as ${auth.apiKeys[firstAt]?.id}; remove one of the two.`,
    })),
    ...repeated(auth.issuers, ({ issuer }) => issuer).map(({ at }) => ({
      path: [...path, 'issuers', at, 'issuer'],
      message: 'This issuer stands here already; put all audiences into one entry.',
    })),
    ...auth.issuers.flatMap((_, at) => issuerFindings(listener, auth, at, [...path, 'issuers', at])),
    ...(/^(?:authorization|cookie|proxy-authorization|host|content-.*|mcp-.*)$/i.test(auth.apiKeyHeader)
      ? [{ path: [...path, 'apiKeyHeader'], message: `${auth.apiKeyHeader} has another use; choose a header such as X-API-Key.` }]
      : []),
  ];
}

function nobodyGetsIn(listener: ListenerConfig, auth: AuthConfig, path: ConfigPath): ConfigFinding[] {
  if (knowsSomebody(listener)) return [];
  if (auth.mode === 'optional') return [warning(path, 'No issuer and no API key is given, so that everybody is anonymous.')];
  return [{ path, message: 'Nobody could get in: add an entry to issuers or apiKeys.' }];
}

function issuerFindings(listener: ListenerConfig, auth: AuthConfig, at: number, path: ConfigPath): ConfigFinding[] {
  const issuer = auth.issuers[at];
  if (issuer === undefined) return [];
  const findings: ConfigFinding[] = [];
  const url = new URL(issuer.issuer);
  if (url.protocol !== 'https:' && !isLoopbackHost(url.hostname))
    findings.push(warning([...path, 'issuer'], 'Keys that come over plain http can be replaced on the way; use https.'));
  const { publicUrl } = listener;
  if (publicUrl !== undefined && !issuer.audiences.some(audience => isBelow(audience, publicUrl)))
    findings.push(
      warning(
        [...path, 'audiences'],
        `No audience is ${publicUrl} or below it: clients that follow this gateway's metadata get tokens for that address.`,
      ),
    );
  return findings;
}

function isBelow(audience: string, publicUrl: string): boolean {
  const base = publicUrl.replace(/\/+$/, '');
  return audience === base || audience.startsWith(`${base}/`);
}

/** Limits and logs know a key by its id alone. */
function sharedKeyIds({ listeners }: Config): ConfigFinding[] {
  const keys = listeners.flatMap(({ auth }, listener) => (auth?.apiKeys ?? []).map(({ id, hash }, at) => ({ id, hash, listener, at })));
  return repeated(keys, ({ id }) => id).flatMap(({ at, firstAt }) => {
    const [key, first] = [keys[at], keys[firstAt]];
    if (key === undefined || first === undefined || key.listener === first.listener || key.hash === first.hash) return [];
    return [
      warning(
        ['listeners', key.listener, 'auth', 'apiKeys', key.at, 'id'],
        `A different key of listener ${listeners[first.listener]?.name} has this id; both share limits and sessions.`,
      ),
    ];
  });
}
