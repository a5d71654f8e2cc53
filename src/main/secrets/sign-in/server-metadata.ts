/** The metadata of an authorization server, found in the order that MCP fixes, and checked before anything in it is used. */
import type { AuthorizationServer } from 'oauth4webapi';
import type { OutboundFetch, Reach } from '../../support/outbound-fetch.ts';
import { isLoopbackHost } from '../../support/address-ranges.ts';
import { fetchDocument, textsIn } from './fetch-document.ts';
import { SignInError } from './sign-in-config.ts';

export type SignInServer = AuthorizationServer & { readonly authorization_endpoint: string; readonly token_endpoint: string };

/** RFC 8414 with the path inserted, OpenID Connect with the path inserted, OpenID Connect with the path before. */
function metadataAddressesOf(issuer: string): readonly string[] {
  const { origin, pathname } = new URL(issuer);
  const path = pathname.replace(/\/$/, '');
  const oauth = `${origin}/.well-known/oauth-authorization-server${path}`;
  const inserted = `${origin}/.well-known/openid-configuration${path}`;
  return path === '' ? [oauth, inserted] : [oauth, inserted, `${origin}${path}/.well-known/openid-configuration`];
}

/** Throws `SignInError` when there is none, when it is of another issuer, or when the server is not safe to sign in at. */
export async function serverMetadata(issuer: string, fetch: OutboundFetch, reach: Reach): Promise<SignInServer> {
  if (!URL.canParse(issuer)) throw new SignInError('The issuer that the server names is no address.');
  for (const address of metadataAddressesOf(issuer)) {
    const metadata = await fetchDocument(address, fetch);
    if (metadata === undefined) continue;
    // RFC 8414, 3.3: letter by letter. A document of another issuer is how one server passes itself off as another.
    if (metadata.issuer !== issuer) throw new SignInError(`The metadata of ${new URL(issuer).host} is of another issuer.`);
    return checked(metadata as unknown as AuthorizationServer, reach);
  }
  throw new SignInError(`${new URL(issuer).host} publishes no metadata, so nobody can sign in there.`);
}

function checked(metadata: AuthorizationServer, reach: Reach): SignInServer {
  const { authorization_endpoint, token_endpoint } = metadata;
  const host = new URL(metadata.issuer).host;
  // Without it a server may ignore PKCE silently, and a stolen code would be worth a token.
  if (!textsIn({ ...metadata }, 'code_challenge_methods_supported').includes('S256'))
    throw new SignInError(`${host} does not say that it supports PKCE with S256.`);
  if (!isPage(authorization_endpoint, reach)) throw new SignInError(`${host} names no page to sign in at.`);
  if (typeof token_endpoint !== 'string') throw new SignInError(`${host} names no token endpoint.`);
  return { ...metadata, authorization_endpoint, token_endpoint };
}

/** A browser opens it: `javascript:`, `file:` and the schemes of programs are no pages. */
function isPage(address: unknown, reach: Reach): address is string {
  if (typeof address !== 'string' || !URL.canParse(address)) return false;
  const { protocol, hostname } = new URL(address);
  if (protocol === 'https:') return true;
  return protocol === 'http:' && (reach === 'anywhere' || (reach === 'public-or-loopback' && isLoopbackHost(hostname)));
}
