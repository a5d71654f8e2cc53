/**
 * A real OpenID provider on loopback, in the test's own process. Everybody who comes is signed in as `ada` and agrees to
 * everything. Its keys can be changed, and it can be made not to answer, while it goes on.
 */
import { randomBytes, randomUUID } from 'node:crypto';
import { createServer, type IncomingMessage, type RequestListener, type Server, type ServerResponse } from 'node:http';
import { createRequire } from 'node:module';
import type { AddressInfo } from 'node:net';
import { exportJWK, generateKeyPair, importJWK, SignJWT, type JWK } from 'jose';

/** As much of the package as is used here; it brings no types. */
interface Provider {
  callback(): RequestListener;
  proxy: boolean;
  interactionFinished(request: IncomingMessage, response: ServerResponse, result: object): Promise<void>;
  Grant: new (of: object) => {
    addOIDCScope(scope: string): void;
    addResourceScope(resource: string, scope: string): void;
    save(): Promise<string>;
  };
  on(event: string, listener: (...facts: never[]) => void): void;
}
type ProviderClass = new (issuer: string, configuration: object) => Provider;

const load = createRequire(import.meta.url);
const { default: OidcProvider } = load('oidc-provider') as { default: ProviderClass };
/** The provider's own store in memory; each issuer gets one of its own. */
const { createMemoryAdapter } = load('oidc-provider/lib/adapters/memory_adapter.js') as {
  createMemoryAdapter: (clockTolerance: number) => object;
};

export interface TestIssuerOptions {
  /** Access tokens as JWTs, or as words that only introspection explains. */
  readonly tokens?: 'jwt' | 'opaque';
  readonly accessTokenSeconds?: number;
  /** Further members of the provider's configuration. */
  readonly configuration?: Readonly<Record<string, unknown>>;
  readonly features?: Readonly<Record<string, unknown>>;
}

export interface SeenRequest {
  readonly method: string;
  readonly path: string;
  readonly headers: IncomingMessage['headers'];
  /** Complete once the answer is there. */
  body: string;
}

export interface TestIssuer extends AsyncDisposable {
  readonly issuer: string;
  readonly jwksUri: string;
  readonly tokenUrl: string;
  readonly introspectionUrl: string;
  /** A client of its own, that gets tokens for itself. */
  readonly clientId: string;
  readonly clientSecret: string;
  readonly requests: SeenRequest[];
  countOf(path: string): number;
  /** Client credentials, for one resource. */
  token(resource: string, scope?: string): Promise<string>;
  revoke(token: string): Promise<void>;
  /** Signs whatever is asked for with the key that the issuer publishes now. `undefined` takes a claim out. */
  sign(claims: Readonly<Record<string, unknown>>, header?: Readonly<Record<string, unknown>>): Promise<string>;
  /** New keys; the old ones are published no longer. */
  rotateKeys(): Promise<void>;
  publicKey(): JWK;
  stopAnswering(): Promise<void>;
  answerAgain(): Promise<void>;
}

export async function testIssuer(options: TestIssuerOptions = {}): Promise<TestIssuer> {
  const requests: SeenRequest[] = [];
  const [clientId, clientSecret] = [`machine-${randomUUID()}`, randomBytes(16).toString('hex')];
  let handle: RequestListener = () => undefined;
  let server = createServer((request, response) => handle(request, response));
  const port = await listen(server, 0);
  const issuer = `http://127.0.0.1:${port}`;
  const adapter = createMemoryAdapter(0);
  let privateKey: JWK;

  const start = async () => {
    privateKey = await signingKey();
    const provider = new OidcProvider(
      issuer,
      configurationOf(options, { adapter, clientId, clientSecret, privateKey, providerOf: () => provider }),
    );
    const answer = provider.callback();
    handle = (request, response) => {
      note(request, requests);
      if (request.url?.startsWith('/interaction/') === true)
        void provider.interactionFinished(request, response, { login: { accountId: 'ada' }, consent: {} });
      else answer(request, response);
    };
  };
  await start();

  const post = (path: string, form: Record<string, string>) =>
    fetch(`${issuer}${path}`, {
      method: 'POST',
      headers: { authorization: `Basic ${Buffer.from(`${clientId}:${clientSecret}`).toString('base64')}` },
      body: new URLSearchParams(form),
    });
  return {
    issuer,
    jwksUri: `${issuer}/jwks`,
    tokenUrl: `${issuer}/token`,
    introspectionUrl: `${issuer}/token/introspection`,
    clientId,
    clientSecret,
    requests,
    countOf: path => requests.filter(request => request.path.split('?', 1)[0] === path).length,
    async token(resource, scope = 'mcp') {
      const response = await post('/token', { grant_type: 'client_credentials', resource, scope });
      const answer = (await response.json()) as { access_token?: string };
      if (answer.access_token === undefined) throw new Error(`no token: ${JSON.stringify(answer)}`);
      return answer.access_token;
    },
    async revoke(token) {
      const response = await post('/token/revocation', { token });
      if (response.status !== 200) throw new Error(`not revoked: ${response.status}`);
    },
    async sign(claims, header = {}) {
      const nowS = Math.floor(Date.now() / 1000);
      const key = await importJWK(privateKey, 'RS256');
      const payload = { iss: issuer, sub: 'ada', iat: nowS, exp: nowS + 300, ...claims };
      return new SignJWT(payload).setProtectedHeader({ alg: 'RS256', typ: 'at+jwt', kid: privateKey.kid as string, ...header }).sign(key);
    },
    rotateKeys: start,
    publicKey() {
      const { kty, n, e, kid } = privateKey;
      return { kty, n, e, kid } as JWK;
    },
    stopAnswering: () => stop(server),
    async answerAgain() {
      server = createServer((request, response) => handle(request, response));
      await listen(server, port);
    },
    [Symbol.asyncDispose]: () => stop(server),
  };
}

interface Made {
  readonly adapter: object;
  readonly clientId: string;
  readonly clientSecret: string;
  readonly privateKey: JWK;
  readonly providerOf: () => Provider;
}

function configurationOf(options: TestIssuerOptions, { adapter, clientId, clientSecret, privateKey, providerOf }: Made): object {
  const { tokens = 'jwt', accessTokenSeconds = 300 } = options;
  return {
    adapter,
    jwks: { keys: [privateKey] },
    cookies: { keys: ['a key for cookies of a test'] },
    clients: [
      {
        client_id: clientId,
        client_secret: clientSecret,
        grant_types: ['client_credentials'],
        redirect_uris: [],
        response_types: [],
      },
      {
        client_id: 'desk',
        token_endpoint_auth_method: 'none',
        application_type: 'native',
        grant_types: ['authorization_code', 'refresh_token'],
        redirect_uris: ['http://127.0.0.1/callback'],
        response_types: ['code'],
      },
    ],
    scopes: ['openid', 'offline_access', 'mcp', 'mcp:write', 'mcp:admin'],
    ttl: {
      AccessToken: accessTokenSeconds,
      ClientCredentials: accessTokenSeconds,
      RefreshToken: 3600,
      Grant: 3600,
      Session: 3600,
      Interaction: 600,
      IdToken: 300,
    },
    // Whoever signs in has agreed already, to whatever is asked for.
    async loadExistingGrant(context: {
      oidc: { client: { clientId: string }; session: { accountId: string }; params: { scope?: string; resource?: string | string[] } };
    }) {
      const { client, session, params } = context.oidc;
      const grant = new (providerOf().Grant)({ clientId: client.clientId, accountId: session.accountId });
      grant.addOIDCScope('openid offline_access mcp mcp:write mcp:admin');
      for (const resource of [params.resource ?? []].flat()) grant.addResourceScope(resource, 'mcp mcp:write mcp:admin');
      await grant.save();
      return grant;
    },
    findAccount: (_context: unknown, sub: string) => ({ accountId: sub, claims: () => ({ sub }) }),
    interactions: { url: (_context: unknown, interaction: { uid: string }) => `/interaction/${interaction.uid}` },
    rotateRefreshToken: true,
    features: {
      devInteractions: { enabled: false },
      clientCredentials: { enabled: true },
      introspection: { enabled: true, allowedPolicy: () => true },
      revocation: { enabled: true, allowedPolicy: () => true },
      registration: { enabled: true },
      resourceIndicators: {
        enabled: true,
        useGrantedResource: () => true,
        getResourceServerInfo: (_context: unknown, resource: string) => ({
          audience: resource,
          scope: 'mcp mcp:write mcp:admin',
          accessTokenFormat: tokens,
          accessTokenTTL: accessTokenSeconds,
          ...(tokens === 'jwt' ? { jwt: { sign: { alg: 'RS256' } } } : {}),
        }),
      },
      ...options.features,
    },
    ...options.configuration,
  };
}

async function signingKey(): Promise<JWK> {
  const { privateKey } = await generateKeyPair('RS256', { extractable: true });
  return { ...(await exportJWK(privateKey)), kid: randomBytes(6).toString('hex'), alg: 'RS256', use: 'sig' };
}

function note(request: IncomingMessage, requests: SeenRequest[]): void {
  const seen: SeenRequest = { method: request.method ?? '', path: request.url ?? '', headers: request.headers, body: '' };
  requests.push(seen);
  // Listening must not start the flow: the provider reads the body when it is ready to.
  const push = request.push.bind(request);
  request.push = (chunk: unknown, encoding?: BufferEncoding) => {
    if (Buffer.isBuffer(chunk)) seen.body += chunk.toString('utf8');
    return push(chunk, encoding);
  };
}

function listen(server: Server, port: number): Promise<number> {
  return new Promise((resolve, reject) => {
    server.once('error', reject);
    server.listen(port, '127.0.0.1', () => resolve((server.address() as AddressInfo).port));
  });
}

function stop(server: Server): Promise<void> {
  return new Promise(resolve => {
    server.close(() => resolve());
    server.closeAllConnections();
  });
}
