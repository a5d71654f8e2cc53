/** Upstreams: instances that can be told apart and reached, health that fits them, credentials that go where they are meant to. */
import type { Config, UpstreamConfig } from '../../../shared/config/schema.ts';
import type { ConfigFinding, ConfigPath } from '../config-problem.ts';
import { isLoopbackHost } from '../../support/address-ranges.ts';
import { type ConfigCheck, repeated, warning } from './check.ts';

export const checkUpstreams: ConfigCheck = config =>
  Object.entries(config.upstreams).flatMap(([name, upstream]) => {
    const path = ['upstreams', name];
    return [
      ...instances(upstream, path),
      ...health(upstream, path),
      ...durations(upstream, path),
      ...credentials(upstream, path),
      ...exchange(config, name, path),
      ...unused(config, name, path),
    ];
  });

function instances({ instances: all }: UpstreamConfig, path: ConfigPath): ConfigFinding[] {
  const findings: ConfigFinding[] = repeated(all, ({ id }) => id).map(({ at }) => ({
    path: [...path, 'instances', at, 'id'],
    message: 'Another instance of this upstream has this id; choose another one.',
  }));
  for (const [at, { url, args, env, cwd }] of all.entries()) {
    if (url === undefined) continue;
    const { username, password, hash } = new URL(url);
    if (username !== '' || password !== '')
      findings.push({
        path: [...path, 'instances', at, 'url'],
        message: 'Take user and password out of the url; write them below credentials.',
      });
    if (hash !== '') findings.push({ path: [...path, 'instances', at, 'url'], message: 'Take the # and what follows out of the url.' });
    for (const [key, isSaid] of Object.entries({ args: args.length > 0, env: Object.keys(env).length > 0, cwd: cwd !== undefined }))
      if (isSaid)
        findings.push({
          path: [...path, 'instances', at, key],
          message: `${key} goes with command; remove it from an instance with a url.`,
        });
  }
  if (all.every(({ disabled, weight }) => disabled || weight === 0))
    findings.push(warning([...path, 'instances'], 'Every instance is disabled or has weight 0; all calls are refused.'));
  return findings;
}

function health({ health: check, instances: all }: UpstreamConfig, path: ConfigPath): ConfigFinding[] {
  const findings: ConfigFinding[] = [];
  const isOfUrl = check.kind === 'http' || check.kind === 'tcp';
  if (isOfUrl && all.some(({ command }) => command !== undefined))
    findings.push({
      path: [...path, 'health', 'kind'],
      message: `${check.kind} needs instances with a url; take process, discover or initialize for those with a command.`,
    });
  if (check.kind === 'process' && all.some(({ url }) => url !== undefined))
    findings.push({
      path: [...path, 'health', 'kind'],
      message: 'process needs instances with a command; take discover, initialize, http or tcp for those with a url.',
    });
  if (check.path !== undefined && check.kind !== 'http')
    findings.push(warning([...path, 'health', 'path'], `path is not used by kind: ${check.kind}.`));
  if (check.fastInterval > check.interval)
    findings.push(
      warning(
        [...path, 'health', 'fastInterval'],
        'fastInterval is longer than interval, so that a changing instance is looked at less often.',
      ),
    );
  return findings;
}

function durations({ breaker, timeouts, pool }: UpstreamConfig, path: ConfigPath): ConfigFinding[] {
  const findings: ConfigFinding[] = [];
  if (breaker.open > breaker.maxOpen)
    findings.push({ path: [...path, 'breaker', 'open'], message: 'open is longer than maxOpen; shorten it or raise maxOpen.' });
  if (timeouts.firstByte > timeouts.total)
    findings.push(warning([...path, 'timeouts', 'firstByte'], 'firstByte is longer than total, which ends the call first.'));
  if (pool.maxIdle > pool.maxOpen)
    findings.push(warning([...path, 'pool', 'maxIdle'], 'maxIdle is more than maxOpen, which is never exceeded.'));
  return findings;
}

const ownFields = /^(?:host|connection|content-.*|transfer-encoding|te|trailer|upgrade|keep-alive|proxy-.*|mcp-.*|accept)$/i;

function credentials({ credentials: own, instances: all, tls }: UpstreamConfig, path: ConfigPath): ConfigFinding[] {
  const findings: ConfigFinding[] = [];
  const hasUrl = all.some(({ url }) => url !== undefined);
  if (tls !== undefined && !hasUrl) findings.push(warning([...path, 'tls'], 'No instance has a url; these certificates are never used.'));
  if (tls !== undefined && (tls.cert === undefined) !== (tls.key === undefined))
    findings.push({ path: [...path, 'tls'], message: `Add ${tls.cert === undefined ? 'cert' : 'key'}: a client certificate needs both.` });
  if (own === undefined) return findings;
  if (!hasUrl) findings.push(warning([...path, 'credentials'], 'No instance has a url; write what a command needs into its env.'));
  if ('header' in own && ownFields.test(own.header.name))
    findings.push({
      path: [...path, 'credentials', 'header', 'name'],
      message: `${own.header.name} is set by the gateway itself; name another header.`,
    });
  const inTheClear = all.findIndex(({ url }) => url !== undefined && url.startsWith('http:') && !isLoopbackHost(new URL(url).hostname));
  if (inTheClear !== -1)
    findings.push(warning([...path, 'instances', inTheClear, 'url'], 'Credentials travel in the clear over http; use https.'));
  return findings;
}

/** There is nothing to exchange on a listener that takes no tokens. */
function exchange({ listeners, upstreams }: Config, name: string, path: ConfigPath): ConfigFinding[] {
  const own = upstreams[name]?.credentials;
  if (own === undefined || !('tokenExchange' in own)) return [];
  const without = listeners.filter(
    ({ auth, routes }) => (auth?.issuers.length ?? 0) === 0 && routes.some(({ upstream }) => upstream === name),
  );
  return without.map(listener =>
    warning(
      [...path, 'credentials', 'tokenExchange'],
      `Listener ${listener.name} takes no tokens, so that there is none to exchange; its calls to ${name} fail.`,
    ),
  );
}

function unused({ listeners }: Config, name: string, path: ConfigPath): ConfigFinding[] {
  if (listeners.some(({ routes }) => routes.some(({ upstream }) => upstream === name))) return [];
  return [warning(path, `No route leads to ${name}.`)];
}
