/** Finds out at which issuer one signs in to an upstream: its 401, its protected resource metadata (RFC 9728), or, for servers of 2025-03-26, the server itself. */
import type { OutboundFetch } from '../../support/outbound-fetch.ts';
import { fetchDocument, textIn, textsIn } from './fetch-document.ts';
import { bearerChallenge } from './parse-challenge.ts';
import { SignInError, type SignInTarget } from './sign-in-config.ts';

export interface FoundResource {
  readonly issuer: string;
  /** For the `resource` parameter (RFC 8707): what tokens are to be bound to. */
  readonly resource: string;
  /** What to ask for, where somebody said so; the challenge is authoritative (MCP 2026-07-28). */
  readonly scope: string | undefined;
}

/** `probe` asks the upstream itself, at the operator's address; `fetch` asks what the upstream names. */
export async function findResource(
  target: SignInTarget,
  { probe, fetch }: { readonly probe: OutboundFetch; readonly fetch: OutboundFetch },
): Promise<FoundResource> {
  const { url, config } = target;
  const challenge = await challengeOf(url, probe);
  const metadata = await metadataOf(url, challenge?.get('resource_metadata'), fetch);
  const named = metadata === undefined ? undefined : textIn(metadata, 'resource');
  if (metadata !== undefined && !covers(named, url))
    throw new SignInError('The metadata of the server is of another address than its own; tokens would be bound to that.');
  const issuer = config.issuer ?? (metadata === undefined ? new URL(url).origin : textsIn(metadata, 'authorization_servers')[0]);
  if (issuer === undefined) throw new SignInError('The metadata of the server names no issuer.');
  const supported = metadata === undefined ? [] : textsIn(metadata, 'scopes_supported');
  return {
    issuer,
    resource: config.resource ?? named ?? canonical(url),
    scope: config.scope ?? challenge?.get('scope') ?? (supported.length === 0 ? undefined : supported.join(' ')),
  };
}

/**
 * Asked without credentials, with requests that do nothing: a server that needs some answers 401 and says more. One that looks at
 * the revision before it looks at credentials does so for a request of its own revision only.
 */
async function challengeOf(url: string, probe: OutboundFetch): Promise<ReadonlyMap<string, string> | undefined> {
  for (const { headers, body } of harmless) {
    try {
      const response = await probe(url, {
        method: 'POST',
        headers: { 'content-type': 'application/json', accept: 'application/json, text/event-stream', ...headers },
        body: JSON.stringify({ jsonrpc: '2.0', id: 'sign-in', ...body }),
      });
      if (response.status === 401) return bearerChallenge(response.headers.get('www-authenticate'));
    } catch {
      // Its metadata may be reachable all the same.
      return undefined;
    }
  }
  return undefined;
}

const harmless = [
  { headers: {}, body: { method: 'ping' } },
  {
    headers: { 'mcp-protocol-version': '2026-07-28', 'mcp-method': 'server/discover' },
    body: {
      method: 'server/discover',
      params: {
        _meta: {
          'io.modelcontextprotocol/protocolVersion': '2026-07-28',
          'io.modelcontextprotocol/clientCapabilities': {},
          'io.modelcontextprotocol/clientInfo': { name: 'shadowcat', version: '1' },
        },
      },
    },
  },
];

/** Where the challenge says, else at the well-known address of the path, else at that of the root. */
async function metadataOf(url: string, named: string | undefined, fetch: OutboundFetch): Promise<Record<string, unknown> | undefined> {
  if (named !== undefined) {
    const found = await fetchDocument(named, fetch);
    if (found === undefined) throw new SignInError('The server names metadata that is not there.');
    return found;
  }
  const { origin, pathname } = new URL(url);
  const wellKnown = `${origin}/.well-known/oauth-protected-resource`;
  const addresses = pathname === '/' ? [wellKnown] : [`${wellKnown}${pathname}`, wellKnown];
  for (const address of addresses) {
    const found = await fetchDocument(address, fetch);
    if (found !== undefined) return found;
  }
  return undefined;
}

/** RFC 9728, 3.3: the document is believed for the address it was looked up for. A server may describe itself by a shorter path. */
function covers(resource: string | undefined, url: string): boolean {
  if (resource === undefined || !URL.canParse(resource)) return false;
  const [named, dialled] = [new URL(resource), new URL(url)];
  if (named.origin !== dialled.origin) return false;
  const withSlash = (path: string) => (path.endsWith('/') ? path : `${path}/`);
  return withSlash(dialled.pathname).startsWith(withSlash(named.pathname));
}

/** Without query and fragment, and without the slash that only says there is no path. */
function canonical(url: string): string {
  const { origin, pathname } = new URL(url);
  return pathname === '/' ? origin : origin + pathname;
}
