/** Finds where an issuer publishes its keys, by its metadata: RFC 8414, then OpenID Connect Discovery. */
import type { OutboundFetch } from '../../support/outbound-fetch.ts';
import { jsonObject, wordsOf } from './json-document.ts';

/** In the order in which they are tried: MCP 2026-07-28, authorization server metadata discovery. */
function metadataAddresses(issuer: string): string[] {
  const { origin, pathname } = new URL(issuer);
  const path = pathname === '/' ? '' : pathname.replace(/\/$/, '');
  const oauth = `${origin}/.well-known/oauth-authorization-server${path}`;
  const inserted = `${origin}/.well-known/openid-configuration${path}`;
  return path === '' ? [oauth, inserted] : [oauth, inserted, `${origin}${path}/.well-known/openid-configuration`];
}

/**
 * The `jwks_uri` of the first document there is. A document of another issuer is refused: it would bring another's keys. So is an
 * address with plain http where the issuer itself has https (RFC 8414, 2): whoever sits on the way could answer with keys of his own.
 */
export async function discoverJwksUri(issuer: string, fetch: OutboundFetch): Promise<string> {
  let problem = '';
  for (const address of metadataAddresses(issuer)) {
    let metadata: Record<string, unknown>;
    try {
      metadata = await jsonObject(await fetch(address, { headers: { accept: 'application/json' } }), 'metadata of the issuer');
    } catch (error) {
      problem = wordsOf(error);
      continue;
    }
    if (metadata.issuer !== issuer) throw new Error(`The metadata at ${address} is of another issuer.`);
    if (typeof metadata.jwks_uri !== 'string') throw new Error(`The metadata at ${address} names no keys.`);
    if (new URL(issuer).protocol === 'https:' && URL.parse(metadata.jwks_uri)?.protocol !== 'https:')
      throw new Error(`The metadata at ${address} names keys at an address without https.`);
    return metadata.jwks_uri;
  }
  throw new Error(`No metadata of the issuer was found. ${problem}`);
}
