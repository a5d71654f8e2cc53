/** Whether the keys of the issuers that a configuration names can be had from here: for who looks before a gateway needs them. */
import type { Config } from '../../shared/config/schema.ts';
import type { Clock } from '../ports.ts';
import { type IssuerHealth, issuerKeys } from '../stages/authenticate/issuer-keys.ts';
import { outboundFetch } from '../support/outbound-fetch.ts';

/** A person waits. */
const TIMEOUT_MS = 3000;

const silent = { debug: () => undefined, info: () => undefined, warn: () => undefined, error: () => undefined };

/** Of those that are asked about each token there are no keys. */
export function lookAtIssuers(config: Config, clock: Clock): Promise<IssuerHealth[]> {
  const all = config.listeners.flatMap(({ auth }) => auth?.issuers ?? []).filter(({ introspection }) => introspection === undefined);
  const byName = new Map(all.map(({ issuer, jwksUri }) => [issuer, jwksUri]));
  const fetch = outboundFetch({ reach: 'anywhere', timeoutMs: TIMEOUT_MS });
  return Promise.all(
    [...byName].map(async ([issuer, jwksUri]) => {
      const keys = issuerKeys({ issuer, jwksUri, clock, log: silent, fetch });
      // Why not is in its health.
      await Promise.resolve(keys.current()).catch(() => undefined);
      return keys.health();
    }),
  );
}
