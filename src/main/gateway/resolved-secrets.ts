/** Everything of a configuration that stands for a secret, resolved once before it is taken into force: later lookups wait for nothing. */
import type { Config } from '../../shared/config/schema.ts';
import type { TlsMaterial } from '../listeners/tls-material.ts';

/** Resolves references in a text; throws a sentence that names the reference and never its value. */
export type ResolveText = (text: string) => Promise<string>;

export interface UpstreamTls {
  readonly ca?: string;
  readonly cert?: string;
  readonly key?: string;
}

/** Certificates and their keys. */
export interface ResolvedTls {
  /** By listener. */
  readonly listenerTls: ReadonlyMap<string, TlsMaterial>;
  /** By upstream. */
  readonly upstreamTls: ReadonlyMap<string, UpstreamTls>;
}

export interface ResolvedSecrets extends ResolvedTls {
  /** By upstream and instance: `github/a`. */
  readonly environments: ReadonlyMap<string, Readonly<Record<string, string>>>;
  readonly sessionKeys: readonly string[];
  readonly adminToken: string | undefined;
}

/** Before any configuration. */
export const noSecrets: ResolvedSecrets = {
  listenerTls: new Map(),
  upstreamTls: new Map(),
  environments: new Map(),
  sessionKeys: [],
  adminToken: undefined,
};

/** A reference that could not be resolved, with the place in the configuration. */
export interface SecretProblem {
  readonly path: readonly (string | number)[];
  readonly message: string;
}

/** Resolves all, and tells all problems at once. */
export async function resolveSecrets(
  config: Config,
  resolve: ResolveText,
): Promise<{ readonly secrets: ResolvedSecrets; readonly problems: SecretProblem[] }> {
  const { tls, problems } = await resolveTls(config, resolve);
  const at = telling(resolve, problems);
  const environments = new Map<string, Record<string, string>>();
  for (const [name, { instances }] of Object.entries(config.upstreams))
    for (const [index, { id, env }] of instances.entries())
      environments.set(`${name}/${id}`, await fields(env, key => ['upstreams', name, 'instances', index, 'env', key], at));
  const { token } = config.admin;
  const secrets: ResolvedSecrets = {
    ...tls,
    environments,
    sessionKeys: await Promise.all(config.sessions.keys.map((text, index) => at(['sessions', 'keys', index], text))),
    adminToken: token === undefined ? undefined : await at(['admin', 'token'], token),
  };
  return { secrets, problems };
}

/** Certificates and their keys alone: they are looked at every few seconds, which no other secret has to bear. */
export async function resolveTls(
  config: Config,
  resolve: ResolveText,
): Promise<{ readonly tls: ResolvedTls; readonly problems: SecretProblem[] }> {
  const problems: SecretProblem[] = [];
  const at = telling(resolve, problems);
  const listenerTls = new Map<string, TlsMaterial>();
  for (const [index, { name, tls }] of config.listeners.entries()) {
    if (tls === undefined) continue;
    const path = ['listeners', index, 'tls'];
    listenerTls.set(name, {
      cert: await at([...path, 'cert'], tls.cert),
      key: await at([...path, 'key'], tls.key),
      clientCertificates: tls.clientCertificates,
      ...(tls.clientCa === undefined ? {} : { clientCa: await at([...path, 'clientCa'], tls.clientCa) }),
      names: await Promise.all(
        tls.names.map(async ({ serverName, cert, key }, entry) => ({
          serverName,
          cert: await at([...path, 'names', entry, 'cert'], cert),
          key: await at([...path, 'names', entry, 'key'], key),
        })),
      ),
    });
  }
  const upstreamTls = new Map<string, UpstreamTls>();
  for (const [name, { tls }] of Object.entries(config.upstreams))
    if (tls !== undefined) upstreamTls.set(name, await fields(tls, key => ['upstreams', name, 'tls', key], at));
  return { tls: { listenerTls, upstreamTls }, problems };
}

type ResolveAt = (path: readonly (string | number)[], text: string) => Promise<string>;

/** A reference that cannot be resolved is noted with its place, and stands for nothing. */
function telling(resolve: ResolveText, problems: SecretProblem[]): ResolveAt {
  return async (path, text) => {
    try {
      return await resolve(text);
    } catch (error) {
      problems.push({ path, message: error instanceof Error ? error.message : String(error) });
      return '';
    }
  };
}

async function fields(
  texts: Readonly<Record<string, string | undefined>>,
  pathOf: (key: string) => readonly (string | number)[],
  at: ResolveAt,
): Promise<Record<string, string>> {
  const found: Record<string, string> = {};
  for (const [key, text] of Object.entries(texts)) if (text !== undefined) found[key] = await at(pathOf(key), text);
  return found;
}

/** The secrets that connections of an upstream are made of, as one text. */
export function connectedWith({ upstreamTls, environments }: ResolvedSecrets, name: string): string {
  const own = [...environments].filter(([key]) => key.startsWith(`${name}/`));
  return JSON.stringify([upstreamTls.get(name), own]);
}
