/** A client of the official SDK against our challenge and metadata: it finds the issuer, signs in, and steps up, by what we say alone. */
import {
  auth,
  extractWWWAuthenticateParams,
  type OAuthClientProvider,
  type OAuthDiscoveryState,
  type StoredOAuthTokens,
} from '@modelcontextprotocol/client';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { expect, test } from 'vitest';
import { ListenerConfig } from '../../src/shared/config/schema.ts';
import { silentLogger, systemClock } from '../../src/main/ports.ts';
import { authenticate } from '../../src/main/stages/authenticate.ts';
import { prepareAuth, type ListenerAuth } from '../../src/main/stages/authenticate/listener-auth.ts';
import { wellKnownAnswer } from '../../src/main/stages/authenticate/protected-resource.ts';
import { ask } from '../kit/oidc-exchange.ts';
import { testIssuer } from '../kit/oidc-provider.ts';
import { browse } from '../kit/oidc-scripted.ts';

const route = { path: '/mcp/github', upstream: 'github', scopes: ['mcp'], stepUp: [{ tools: ['write'], scopes: ['mcp:write'] }] };

/** The stage behind a socket; the tool that is called stands in the query. The same server is where the browser comes back to. */
async function aGateway(issuer: string) {
  const server = createServer();
  await new Promise<void>(resolve => {
    server.listen(0, '127.0.0.1', resolve);
  });
  const origin = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const listener = ListenerConfig.parse({
    name: 'main',
    publicUrl: origin,
    auth: { issuers: [{ issuer, audiences: [`${origin}/mcp/github`] }] },
    routes: [route, { path: '/mcp/files', upstream: 'files' }],
  });
  const prepared = prepareAuth(listener, { clock: systemClock, log: silentLogger, secret: text => Promise.resolve(text) }) as ListenerAuth;
  const stage = authenticate({ authFor: () => prepared });
  server.on('request', (request, response) => {
    const { url = '', rawHeaders } = request;
    const [path, query] = url.split('?', 2);
    if (path === '/callback') return response.end('back');
    if (path !== route.path) {
      const text = wellKnownAnswer(listener, url);
      return response.writeHead(text === undefined ? 404 : 200, { 'content-type': 'application/json' }).end(text);
    }
    void ask(stage, { headers: rawHeaders, path, route, calls: [new URLSearchParams(query).get('tool') ?? 'read'] }).then(({ verdict }) => {
      if (verdict.kind === 'answer') return response.end('{}');
      return response.writeHead(verdict.code === 'UNAUTHORIZED' ? 401 : 403, [...(verdict.rawHeaders ?? [])]).end();
    });
  });
  return {
    origin,
    url: origin + route.path,
    async [Symbol.asyncDispose]() {
      server.closeAllConnections();
      await new Promise(resolve => {
        server.close(resolve);
      });
    },
  };
}

/** Keeps everything in memory, and goes where it is sent. */
class Person implements OAuthClientProvider {
  readonly redirectUrl: string;
  came: URLSearchParams | undefined;
  #tokens: StoredOAuthTokens | undefined;
  #verifier = '';
  #discovered: OAuthDiscoveryState | undefined;

  constructor(redirectUrl: string) {
    this.redirectUrl = redirectUrl;
  }
  get clientMetadata() {
    return {
      client_name: 'peer',
      redirect_uris: [this.redirectUrl],
      token_endpoint_auth_method: 'none',
      application_type: 'native' as const,
    };
  }
  /** Known at the issuer beforehand: a client that registers itself gets the scopes of its first challenge, and never more. */
  clientInformation = () => ({ client_id: 'desk' });
  tokens = () => this.#tokens;
  saveTokens = (tokens: StoredOAuthTokens) => {
    this.#tokens = tokens;
  };
  saveCodeVerifier = (verifier: string) => {
    this.#verifier = verifier;
  };
  codeVerifier = () => this.#verifier;
  saveDiscoveryState = (discovered: OAuthDiscoveryState) => {
    this.#discovered = discovered;
  };
  discoveryState = () => this.#discovered;
  redirectToAuthorization = async (address: URL) => {
    this.came = new URL((await browse(address.href)).url).searchParams;
  };
}

test('it signs in at the issuer that our metadata names, and asks for more when a tool needs more', async () => {
  await using idp = await testIssuer();
  await using gateway = await aGateway(idp.issuer);
  const person = new Person(`${gateway.origin}/callback`);
  const call = (tool: string) =>
    fetch(`${gateway.url}?tool=${tool}`, { headers: { authorization: `Bearer ${person.tokens()?.access_token ?? ''}` } });
  /** As the SDK's own transport does on a 401 or 403. */
  const signIn = async (challenged: Response, forceReauthorization = false) => {
    const { resourceMetadataUrl, scope } = extractWWWAuthenticateParams(challenged);
    const options = { serverUrl: gateway.url, ...(resourceMetadataUrl && { resourceMetadataUrl }), ...(scope && { scope }) };
    expect(await auth(person, { ...options, forceReauthorization })).toBe('REDIRECT');
    const [authorizationCode, iss] = [person.came?.get('code') ?? '', person.came?.get('iss') ?? ''];
    expect(await auth(person, { ...options, authorizationCode, iss })).toBe('AUTHORIZED');
  };

  const first = await fetch(gateway.url);
  expect(first.status).toBe(401);
  await signIn(first);
  expect((await call('read')).status).toBe(200);

  const short = await call('write');
  expect([short.status, extractWWWAuthenticateParams(short)]).toEqual([
    403,
    expect.objectContaining({ error: 'insufficient_scope', scope: 'mcp mcp:write' }),
  ]);
  await signIn(short, true);
  expect([(await call('write')).status, (await call('read')).status]).toEqual([200, 200]);
});

test('without a challenge it finds the metadata at the well-known address of the route', async () => {
  await using idp = await testIssuer();
  await using gateway = await aGateway(idp.issuer);
  const person = new Person(`${gateway.origin}/callback`);
  expect(await auth(person, { serverUrl: gateway.url, scope: 'mcp' })).toBe('REDIRECT');
  expect(person.came?.get('code')).toMatch(/.+/);
});
