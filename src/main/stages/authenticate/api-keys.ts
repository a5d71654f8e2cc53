/** API keys, of which the configuration knows only hashes. */
import { timingSafeEqual } from 'node:crypto';
import type { AuthConfig } from '../../../shared/config/schema.ts';
import type { Principal } from '../../pipeline/guard.ts';

type ApiKeyConfig = AuthConfig['apiKeys'][number];

export interface ApiKeys {
  /** By the SHA-256 of the key that was sent. Every hash is compared, each in constant time. */
  find(digest: Buffer): Principal | undefined;
}

export function apiKeys(configured: readonly ApiKeyConfig[]): ApiKeys {
  const known = configured.map(config => ({ hash: hashBytes(config.hash), principal: principalOf(config) }));
  return {
    find(digest) {
      let found: Principal | undefined;
      for (const { hash, principal } of known) if (timingSafeEqual(hash, digest)) found ??= principal;
      return found;
    },
  };
}

/** `sha256:` and 64 hexadecimal or 43 base64url digits; the schema has checked it. */
function hashBytes(hash: string): Buffer {
  const digits = hash.slice('sha256:'.length);
  return Buffer.from(digits, digits.length === 64 ? 'hex' : 'base64url');
}

function principalOf({ id, roles, scopes }: ApiKeyConfig): Principal {
  return { kind: 'api-key', id: `key:${id}`, sub: id, scopes, roles, claims: {} };
}
