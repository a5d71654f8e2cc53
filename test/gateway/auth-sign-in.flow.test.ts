/** Signing in to an upstream: with a real provider and a scripted browser, and what is refused on the way. */
import { createHash } from 'node:crypto';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { anonymous } from '../../src/main/pipeline/guard.ts';
import { silentLogger, type Logger } from '../../src/main/ports.ts';
import { tokenVault, type TokenVault } from '../../src/main/secrets/token-vault.ts';
import type { SignInConfig } from '../../src/main/secrets/sign-in/sign-in-config.ts';
import { signIns, type SignInDeps, type SignIns } from '../../src/main/secrets/sign-in/sign-ins.ts';
import { outboundFetch, type OutboundFetch, type Reach } from '../../src/main/support/outbound-fetch.ts';
import { TestClock } from '../kit/oidc-exchange.ts';
import { testIssuer } from '../kit/oidc-provider.ts';
import { browse, protectedServer, scriptedServer, type ScriptedAnswer, type ScriptedServer } from '../kit/oidc-scripted.ts';

let dataDir: string;
let clock: TestClock;
const key = Buffer.alloc(32, 7);
const lines: string[] = [];
const note = (message: string, facts: object = {}) => void lines.push(message + JSON.stringify(facts));
const log: Logger = { debug: note, info: note, warn: note, error: note };
const closing: SignIns[] = [];

beforeEach(() => {
  dataDir = mkdtempSync(join(tmpdir(), 'shadowcat-sign-in-'));
  clock = new TestClock();
  lines.length = 0;
});
afterEach(() => {
  for (const open of closing.splice(0)) open.close();
  rmSync(dataDir, { recursive: true, force: true });
});

interface Made {
  readonly url: string;
  readonly config?: Partial<SignInConfig>;
  readonly vault?: TokenVault;
  readonly more?: Partial<SignInDeps>;
}

function aDesk({ url, config = {}, vault = aVault(), more = {} }: Made): SignIns {
  const desk = signIns({
    targetOf: upstream => (upstream === 'github' ? { upstream, url, config: { allowPrivate: false, ...config } } : undefined),
    vault,
    secret: text => Promise.resolve(text),
    clock,
    log,
    ...more,
  });
  closing.push(desk);
  return desk;
}

const aVault = () => tokenVault({ dataDir, key: () => key, clock, log });
const tokenOf = async (desk: SignIns) => ((await desk.credentialsFor('github').headers(anonymous))[1] ?? '').slice('Bearer '.length);

describe('with a real provider', () => {
  test('a person signs in by the browser, and calls carry a token that is bound to the upstream, also after a restart', async () => {
    await using idp = await testIssuer();
    await using upstream = await protectedServer(idp.issuer);
    const url = `${upstream.origin}/mcp`;
    const desk = aDesk({ url });
    expect(desk.state('github')).toEqual({ kind: 'signed-out' });

    const { authorizationUrl, done } = await desk.begin('github');
    const asked = new URL(authorizationUrl).searchParams;
    expect(Object.fromEntries(asked)).toMatchObject({
      response_type: 'code',
      code_challenge_method: 'S256',
      resource: url,
      scope: 'mcp offline_access',
      prompt: 'consent',
      redirect_uri: expect.stringMatching(/^http:\/\/127\.0\.0\.1:\d+\/callback$/),
    });
    expect(desk.state('github')).toEqual({ kind: 'signing-in', authorizationUrl });

    const page = await browse(authorizationUrl);
    expect([page.status, page.text]).toEqual([200, expect.stringContaining('You are signed in')]);
    expect(await done).toMatchObject({ kind: 'signed-in', issuer: idp.issuer, isRenewable: true });

    const token = await tokenOf(desk);
    const claims = JSON.parse(Buffer.from(token.split('.')[1] ?? '', 'base64url').toString()) as Record<string, unknown>;
    expect(claims).toMatchObject({ aud: url, sub: 'ada', scope: 'mcp' });
    const exchange = idp.requests.findLast(request => request.path === '/token');
    expect(new URLSearchParams(exchange?.body).get('resource')).toBe(url);

    const register = idp.requests.find(request => request.path === '/reg');
    expect(JSON.parse(register?.body ?? '{}')).toMatchObject({
      application_type: 'native',
      token_endpoint_auth_method: 'none',
      redirect_uris: [asked.get('redirect_uri')],
    });

    expect(await tokenOf(aDesk({ url }))).toBe(token);
    expect(readFileSync(join(dataDir, 'vault.sealed'), 'utf8')).not.toContain(token);
    expect(lines.join()).not.toContain(token);
    // The redirect address is closed after its one use.
    await expect(fetch(page.url)).rejects.toThrow();
  });

  test('tokens are renewed once for all who wait, refresh tokens rotate, and the new ones are what is kept', async () => {
    await using idp = await testIssuer({ accessTokenSeconds: 120 });
    await using upstream = await protectedServer(idp.issuer);
    const url = `${upstream.origin}/mcp`;
    const desk = aDesk({ url });
    const { authorizationUrl, done } = await desk.begin('github');
    await browse(authorizationUrl);
    await done;
    const kept = () => aVault().records('sign-ins').get('github') as { refreshToken: string; accessToken: string };
    const first = kept();
    for (const round of [1, 2]) {
      clock.advance(120_000);
      const before = idp.countOf('/token');
      const tokens = await Promise.all(Array.from({ length: 10 }, () => tokenOf(desk)));
      expect([new Set(tokens).size, idp.countOf('/token') - before], `round ${round}`).toEqual([1, 1]);
      expect(tokens[0]).toBe(kept().accessToken);
      const sent = new URLSearchParams(idp.requests.findLast(request => request.path === '/token')?.body);
      expect([sent.get('grant_type'), sent.get('resource')]).toEqual(['refresh_token', url]);
    }
    expect(kept().refreshToken).not.toBe(first.refreshToken);

    // A refused token is replaced, once.
    clock.advance(6000);
    const before = await tokenOf(desk);
    expect(desk.credentialsFor('github').rejected(anonymous)).toBe(true);
    expect(await tokenOf(desk)).not.toBe(before);

    // Somebody else used a refresh token that was rotated away: the provider ends the whole sign-in, and so do we.
    await fetch(idp.tokenUrl, {
      method: 'POST',
      body: new URLSearchParams({
        grant_type: 'refresh_token',
        refresh_token: first.refreshToken,
        client_id: clientIdOf(authorizationUrl),
      }),
    });
    clock.advance(120_000);
    await expect(tokenOf(desk)).rejects.toMatchObject({ code: 'UPSTREAM_AUTH' });
    expect(desk.state('github')).toEqual({ kind: 'signed-out', problem: 'The server has ended the sign-in.' });
    expect(aVault().records('sign-ins').keys()).toEqual([]);
  });

  test('a configured client comes first; a registration is used again on the next sign-in', async () => {
    await using idp = await testIssuer();
    await using upstream = await protectedServer(idp.issuer);
    const url = `${upstream.origin}/mcp`;
    const configured = aDesk({ url, config: { clientId: 'desk', clientIdDocument: 'https://app.example/client.json' } });
    const one = await configured.begin('github');
    expect(clientIdOf(one.authorizationUrl)).toBe('desk');
    await browse(one.authorizationUrl);
    expect(await one.done).toMatchObject({ kind: 'signed-in' });
    expect(idp.countOf('/reg')).toBe(0);

    const registering = aDesk({ url });
    const ids: string[] = [];
    for (let count = 0; count < 2; count += 1) {
      const { authorizationUrl, done } = await registering.begin('github');
      ids.push(clientIdOf(authorizationUrl));
      await browse(authorizationUrl);
      await done;
    }
    expect(ids[1]).toBe(ids[0]);
    expect(idp.countOf('/reg')).toBe(1);
  });

  test('forgetting signs out, calls off what is under way, and leaves nothing behind', async () => {
    await using idp = await testIssuer();
    await using upstream = await protectedServer(idp.issuer);
    const desk = aDesk({ url: `${upstream.origin}/mcp` });
    const signedIn = await desk.begin('github');
    await browse(signedIn.authorizationUrl);
    await signedIn.done;
    await tokenOf(desk);
    const again = await desk.begin('github');
    desk.forget('github');
    await expect(again.done).rejects.toThrow('called off');
    await expect(async () => tokenOf(desk)).rejects.toMatchObject({ code: 'UPSTREAM_AUTH', message: 'Nobody is signed in to github.' });
    expect(desk.state('github')).toEqual({ kind: 'signed-out' });
    expect(aVault().records('sign-ins').keys()).toEqual([]);
  });

  test('tokens are never used for anything else than what they were given for', async () => {
    await using idp = await testIssuer();
    await using upstream = await protectedServer(idp.issuer);
    const url = `${upstream.origin}/mcp`;
    const vault = aVault();
    const desk = aDesk({ url, vault });
    const { authorizationUrl, done } = await desk.begin('github');
    await browse(authorizationUrl);
    await done;
    expect(await tokenOf(aDesk({ url, vault }))).not.toBe('');
    for (const changed of [
      { url: 'https://elsewhere.example/mcp' },
      { url, config: { issuer: 'https://other.example' } },
      { url, config: { clientId: 'another' } },
      { url, config: { resource: 'https://elsewhere.example/mcp' } },
    ]) {
      const other = aDesk({ ...changed, vault });
      expect(other.state('github')).toEqual({ kind: 'signed-out' });
      await expect(async () => tokenOf(other)).rejects.toMatchObject({ code: 'UPSTREAM_AUTH' });
    }
  });
});

/** A provider that is all script: signs everybody in at once, and says of itself what a test makes it say. */
async function scriptedIssuer(
  metadata: object = {},
  callback: (parameters: URLSearchParams) => void = () => undefined,
): Promise<ScriptedServer> {
  const codes = new Map<string, string>();
  return scriptedServer(origin => ({
    '/.well-known/oauth-authorization-server': () => ({ json: metadataOf(origin, metadata) }),
    '/authorize': request => {
      const asked = new URL(request.path, origin).searchParams;
      const back = new URL(asked.get('redirect_uri') ?? '');
      codes.set('the-code', asked.get('code_challenge') ?? '');
      for (const [name, value] of [
        ['code', 'the-code'],
        ['state', asked.get('state') ?? ''],
        ['iss', origin],
      ] as const)
        back.searchParams.set(name, value);
      callback(back.searchParams);
      return { status: 302, headers: { location: back.href } };
    },
    '/token': request => {
      const challenge = createHash('sha256')
        .update(request.form.get('code_verifier') ?? '')
        .digest('base64url');
      if (codes.get(request.form.get('code') ?? '') !== challenge) return { status: 400, json: { error: 'invalid_grant' } };
      return { json: { access_token: 'scripted-token', token_type: 'Bearer', expires_in: 300 } };
    },
  }));
}

const metadataOf = (origin: string, more: object = {}) => ({
  issuer: origin,
  authorization_endpoint: `${origin}/authorize`,
  token_endpoint: `${origin}/token`,
  response_types_supported: ['code'],
  code_challenge_methods_supported: ['S256'],
  authorization_response_iss_parameter_supported: true,
  ...more,
});

const clientIdOf = (authorizationUrl: string) => new URL(authorizationUrl).searchParams.get('client_id') ?? '';
const redirectOf = (authorizationUrl: string) => new URL(authorizationUrl).searchParams.get('redirect_uri') ?? '';
const config = { clientId: 'desk' };

describe('what comes back from the browser', () => {
  test('an answer in the name of another issuer is refused before its code is used', async () => {
    for (const iss of ['https://evil.example', undefined]) {
      await using issuer = await scriptedIssuer({}, parameters =>
        iss === undefined ? parameters.delete('iss') : parameters.set('iss', iss),
      );
      await using upstream = await protectedServer(issuer.origin);
      const desk = aDesk({ url: `${upstream.origin}/mcp`, config });
      const { authorizationUrl, done } = await desk.begin('github');
      const page = await browse(authorizationUrl);
      await expect(done).rejects.toThrow('iss');
      expect(page.text).toContain('did not succeed');
      expect(issuer.requests.some(request => request.path === '/token')).toBe(false);
      expect(desk.state('github')).toMatchObject({ kind: 'signed-out', problem: expect.stringContaining('failed') });
    }
  });

  test('a state that is missing, wrong or used is nobody’s, and does not disturb the sign-in that waits', async () => {
    await using issuer = await scriptedIssuer();
    await using upstream = await protectedServer(issuer.origin);
    const desk = aDesk({ url: `${upstream.origin}/mcp`, config });
    const { authorizationUrl, done } = await desk.begin('github');
    const asked = new URL(authorizationUrl).searchParams;
    const callback = asked.get('redirect_uri') ?? '';
    const statusOf = async (query: string, init: RequestInit = {}) => (await fetch(`${callback}${query}`, init)).status;
    expect(await statusOf(`?code=the-code&iss=${issuer.origin}`)).toBe(400);
    expect(await statusOf(`?code=the-code&state=wrong&iss=${issuer.origin}`)).toBe(400);
    expect(await statusOf('x')).toBe(404);
    expect(await statusOf(`?state=${asked.get('state')}`, { method: 'POST' })).toBe(404);
    const { url } = await browse(authorizationUrl);
    expect(await done).toMatchObject({ kind: 'signed-in' });
    expect(await tokenOf(desk)).toBe('scripted-token');
    await expect(fetch(url)).rejects.toThrow();
    expect(issuer.requests.filter(request => request.path === '/token')).toHaveLength(1);
  });

  test('a refusal of the person is told by its word, and markup in it goes nowhere', async () => {
    await using issuer = await scriptedIssuer({}, parameters => {
      parameters.delete('code');
      parameters.set('error', 'access_denied');
      parameters.set('error_description', '<script>alert(1)</script>');
    });
    await using upstream = await protectedServer(issuer.origin);
    const desk = aDesk({ url: `${upstream.origin}/mcp`, config });
    const { authorizationUrl, done } = await desk.begin('github');
    const page = await browse(authorizationUrl);
    await expect(done).rejects.toThrow('access_denied');
    expect(page.text).not.toContain('script');
  });

  test('nobody coming back ends the sign-in and closes its address', async () => {
    await using issuer = await scriptedIssuer();
    await using upstream = await protectedServer(issuer.origin);
    const desk = aDesk({ url: `${upstream.origin}/mcp`, config, more: { lifetimeMs: 50 } });
    const { authorizationUrl, done } = await desk.begin('github');
    await expect(done).rejects.toThrow('in time');
    await expect(browse(authorizationUrl)).rejects.toThrow();
    expect(desk.state('github')).toMatchObject({ kind: 'signed-out', problem: expect.stringContaining('in time') });
  });

  test('a second sign-in calls off the first', async () => {
    await using issuer = await scriptedIssuer();
    await using upstream = await protectedServer(issuer.origin);
    const desk = aDesk({ url: `${upstream.origin}/mcp`, config });
    const first = await desk.begin('github');
    const second = await desk.begin('github');
    await expect(first.done).rejects.toThrow('called off');
    expect(desk.state('github')).toEqual({ kind: 'signing-in', authorizationUrl: second.authorizationUrl });
    await browse(second.authorizationUrl);
    expect(await second.done).toMatchObject({ kind: 'signed-in', isRenewable: false });
  });
});

describe('metadata', () => {
  test('is looked for in the order that MCP fixes', async () => {
    await using server = await scriptedServer();
    const issuer = `${server.origin}/tenant`;
    await using upstream = await protectedServer(issuer);
    const desk = aDesk({ url: `${upstream.origin}/mcp`, config });
    await expect(desk.begin('github')).rejects.toThrow('publishes no metadata');
    expect(server.requests.map(request => request.path)).toEqual([
      '/.well-known/oauth-authorization-server/tenant',
      '/.well-known/openid-configuration/tenant',
      '/tenant/.well-known/openid-configuration',
    ]);
    server.routes['/tenant/.well-known/openid-configuration'] = () => ({ json: metadataOf(server.origin, { issuer }) });
    expect((await desk.begin('github')).authorizationUrl).toContain(`${server.origin}/authorize?`);
  });

  test.each<[string, object, string]>([
    ['of another issuer', { issuer: 'https://evil.example' }, 'of another issuer'],
    ['of an issuer that differs by a slash', { issuer: undefined, slash: true }, 'of another issuer'],
    ['without PKCE', { code_challenge_methods_supported: undefined }, 'PKCE'],
    ['with plain PKCE only', { code_challenge_methods_supported: ['plain'] }, 'PKCE'],
    ['with a page that is no page', { authorization_endpoint: 'javascript:alert(1)' }, 'no page'],
    ['with a page elsewhere over plain http', { authorization_endpoint: 'http://evil.example/authorize' }, 'no page'],
  ])('%s is refused', async (_name, more, problem) => {
    await using issuer = await scriptedServer(origin => ({
      '/.well-known/oauth-authorization-server': () => ({ json: metadataOf(origin, 'slash' in more ? { issuer: `${origin}/` } : more) }),
    }));
    await using upstream = await protectedServer(issuer.origin);
    const desk = aDesk({ url: `${upstream.origin}/mcp`, config });
    await expect(desk.begin('github')).rejects.toThrow(problem);
    expect(desk.state('github')).toEqual({ kind: 'signed-out' });
  });

  test('of a server that describes another address than its own is refused; a shorter one of its own is not', async () => {
    await using issuer = await scriptedIssuer();
    const beginWith = async (metadata: object) => {
      await using upstream = await protectedServer(issuer.origin, { metadata });
      const { authorizationUrl } = await aDesk({ url: `${upstream.origin}/mcp`, config }).begin('github');
      return new URL(authorizationUrl).searchParams.get('resource');
    };
    await expect(beginWith({ resource: 'https://bank.example/mcp' })).rejects.toThrow('another address');
    await expect(beginWith({ resource: undefined })).rejects.toThrow('another address');
    await expect(beginWith({ authorization_servers: [] })).rejects.toThrow('names no issuer');
    await using upstream = await protectedServer(issuer.origin);
    upstream.routes['/.well-known/oauth-protected-resource/mcp'] = () => ({
      json: { resource: upstream.origin, authorization_servers: [issuer.origin] },
    });
    const { authorizationUrl } = await aDesk({ url: `${upstream.origin}/mcp`, config }).begin('github');
    expect(new URL(authorizationUrl).searchParams.get('resource')).toBe(upstream.origin);
  });

  test('is where the 401 says, also of a server that looks at the revision first', async () => {
    await using issuer = await scriptedIssuer();
    const custom = '/custom/location.json';
    for (const revision of [undefined, '2026-07-28']) {
      await using upstream = await scriptedServer(origin => ({
        '/mcp': ({ headers }) =>
          headers['mcp-protocol-version'] === revision
            ? { status: 401, headers: { 'www-authenticate': `Bearer resource_metadata="${origin}${custom}", scope="from-challenge"` } }
            : { status: 400 },
        [custom]: () => ({ json: { resource: `${origin}/mcp`, authorization_servers: [issuer.origin], scopes_supported: ['other'] } }),
      }));
      const { authorizationUrl } = await aDesk({ url: `${upstream.origin}/mcp`, config }).begin('github');
      expect(new URL(authorizationUrl).searchParams.get('scope')).toBe('from-challenge');
      expect(upstream.requests.map(({ path }) => path)).toEqual([...(revision === undefined ? ['/mcp'] : ['/mcp', '/mcp']), custom]);
    }
  });

  test('inside a private network is not asked for because a server says so, unless the operator allows it', async () => {
    const inside = 'https://169.254.169.254/latest';
    for (const named of [inside, 'http://10.0.0.1/x', 'http://internal.example/x']) {
      await using upstream = await scriptedServer(() => ({
        '/mcp': () => ({ status: 401, headers: { 'www-authenticate': `Bearer resource_metadata="${named}"` } }),
      }));
      await expect(aDesk({ url: `${upstream.origin}/mcp`, config }).begin('github')).rejects.toThrow(/private network|plain http/);
    }
    await using upstream = await protectedServer(inside);
    await expect(aDesk({ url: `${upstream.origin}/mcp`, config }).begin('github')).rejects.toThrow('private network');
  });

  test('of an upstream out on the internet may not lead to this machine, unless the operator allows it', async () => {
    await using issuer = await scriptedIssuer();
    const url = 'https://mcp.example/mcp';
    const prm = { resource: url, authorization_servers: [issuer.origin] };
    // The internet is not here: what the upstream itself says is scripted, what it points to is really asked.
    const fetchWithin =
      (reach: Reach): OutboundFetch =>
      async (input, init) =>
        new URL(input).host === 'mcp.example' ? Response.json(prm) : outboundFetch({ reach })(input, init);
    await expect(aDesk({ url, config, more: { fetchWithin } }).begin('github')).rejects.toThrow('plain http');
    expect(issuer.requests).toEqual([]);
    const { authorizationUrl, done } = await aDesk({ url, config: { ...config, allowPrivate: true }, more: { fetchWithin } }).begin(
      'github',
    );
    await browse(authorizationUrl);
    expect(await done).toMatchObject({ kind: 'signed-in' });
  });

  test('a server of 2025-03-26 without any metadata of its own is its own issuer', async () => {
    await using server = await scriptedIssuer();
    server.routes['/mcp'] = () => ({ status: 401 });
    const { authorizationUrl, done } = await aDesk({ url: `${server.origin}/mcp`, config }).begin('github');
    await browse(authorizationUrl);
    expect(await done).toMatchObject({ kind: 'signed-in', issuer: server.origin });
  });
});

describe('more scopes than the sign-in has', () => {
  const wants = (scope: string) => `Bearer error="insufficient_scope", scope="${scope}"`;
  const scopeOf = (authorizationUrl: string) => new URL(authorizationUrl).searchParams.get('scope');

  test('are asked for by the next sign-in, beside those it had, and by no later one', async () => {
    await using issuer = await scriptedIssuer();
    await using upstream = await protectedServer(issuer.origin);
    const desk = aDesk({ url: `${upstream.origin}/mcp`, config });
    const signIn = async () => {
      const { authorizationUrl, done } = await desk.begin('github');
      await browse(authorizationUrl);
      await done;
      return scopeOf(authorizationUrl);
    };
    const lacking = (challenge: string) => desk.credentialsFor('github').lacking(anonymous, challenge);
    expect(lacking(wants('mcp:write'))).toBe(undefined);
    expect(await signIn()).toBe('mcp');
    expect(lacking('Bearer error="invalid_token"')).toBe(undefined);
    expect(await signIn()).toBe('mcp');
    for (const scope of ['mcp:write', 'mcp mcp:admin'])
      expect(lacking(wants(scope))).toMatchObject({ code: 'UPSTREAM_AUTH', message: expect.stringContaining('sign in again') });
    expect(await signIn()).toBe('mcp mcp:write mcp:admin');
    expect(lacking(wants('mcp:write'))?.message).toContain('asked for already');
    expect(await tokenOf(desk)).toBe('scripted-token');
    expect(lines.filter(line => line.includes('wants more'))).toHaveLength(2);
    lacking(wants('mcp:other'));
    desk.forget('github');
    expect(await signIn()).toBe('mcp');
  });

  test('are not asked for where the operator fixed the scope, nor at another issuer', async () => {
    await using issuer = await scriptedIssuer();
    await using another = await scriptedIssuer();
    await using upstream = await protectedServer(issuer.origin);
    const metadata = '/.well-known/oauth-protected-resource/mcp';
    for (const fixed of [true, false]) {
      const vault = aVault();
      const desk = aDesk({ url: `${upstream.origin}/mcp`, config: { ...config, ...(fixed ? { scope: 'fixed' } : {}) }, vault });
      const { authorizationUrl, done } = await desk.begin('github');
      await browse(authorizationUrl);
      await done;
      expect(desk.credentialsFor('github').lacking(anonymous, wants('mcp:write'))?.message).toContain('mcp:write');
      if (!fixed)
        upstream.routes[metadata] = () => ({ json: { resource: `${upstream.origin}/mcp`, authorization_servers: [another.origin] } });
      expect(scopeOf((await desk.begin('github')).authorizationUrl)).toBe(fixed ? 'fixed' : 'mcp');
    }
  });
});

describe('clients', () => {
  test('a document describes us where the server reads such documents; registration is last; without either a person has to', async () => {
    const clientIdDocument = 'https://app.example/client.json';
    const register = { '/register': (): ScriptedAnswer => ({ status: 201, json: { client_id: 'registered' } }) };
    const beginAt = async (metadata: object) => {
      await using issuer = await scriptedServer(origin => ({
        '/.well-known/oauth-authorization-server': () => ({
          json: metadataOf(origin, {
            ...metadata,
            ...('registration_endpoint' in metadata ? { registration_endpoint: `${origin}/register` } : {}),
          }),
        }),
        ...register,
      }));
      await using upstream = await protectedServer(issuer.origin);
      return clientIdOf((await aDesk({ url: `${upstream.origin}/mcp`, config: { clientIdDocument } }).begin('github')).authorizationUrl);
    };
    expect(await beginAt({ client_id_metadata_document_supported: true, registration_endpoint: 'x' })).toBe(clientIdDocument);
    expect(await beginAt({ registration_endpoint: 'x' })).toBe('registered');
    await expect(beginAt({})).rejects.toThrow('configure its clientId');
  });

  test('a registration that did not lead to a sign-in is not used again', async () => {
    await using issuer = await scriptedServer(origin => ({
      '/.well-known/oauth-authorization-server': () => ({ json: metadataOf(origin, { registration_endpoint: `${origin}/register` }) }),
      '/register': () => ({ status: 201, json: { client_id: 'registered' } }),
    }));
    await using upstream = await protectedServer(issuer.origin);
    const desk = aDesk({ url: `${upstream.origin}/mcp`, more: { lifetimeMs: 30, log: silentLogger } });
    for (const expected of [1, 2]) {
      const { done } = await desk.begin('github');
      await expect(done).rejects.toThrow('in time');
      expect(issuer.requests.filter(request => request.path === '/register')).toHaveLength(expected);
    }
  });

  test('a registration whose secret has expired is not used again', async () => {
    await using issuer = await scriptedIssuer();
    let count = 0;
    issuer.routes['/.well-known/oauth-authorization-server'] = () => ({
      json: metadataOf(issuer.origin, { registration_endpoint: `${issuer.origin}/register` }),
    });
    issuer.routes['/register'] = () => {
      count += 1;
      const client_secret_expires_at = Math.floor(clock.now() / 1000) + 3600;
      return { status: 201, json: { client_id: `registered-${count}`, client_secret: 'a-secret', client_secret_expires_at } };
    };
    await using upstream = await protectedServer(issuer.origin);
    const desk = aDesk({ url: `${upstream.origin}/mcp` });
    for (const [id, laterMs] of [
      ['registered-1', 0],
      ['registered-1', 60_000],
      ['registered-2', 3_600_000],
    ] as const) {
      clock.advance(laterMs);
      const { authorizationUrl, done } = await desk.begin('github');
      expect(clientIdOf(authorizationUrl)).toBe(id);
      await browse(authorizationUrl);
      await done;
      const { headers } = issuer.requests.findLast(request => request.path === '/token') ?? {};
      expect(headers?.authorization).toBe(`Basic ${Buffer.from(`${id}:a-secret`).toString('base64')}`);
    }
  });

  test('a registration is for one redirect address: where its port is taken, there is a new one', async () => {
    await using idp = await testIssuer();
    await using upstream = await protectedServer(idp.issuer);
    const desk = aDesk({ url: `${upstream.origin}/mcp` });
    const first = await desk.begin('github');
    await browse(first.authorizationUrl);
    await first.done;
    const taken = createServer();
    await new Promise<void>(resolve => {
      taken.listen(Number(new URL(redirectOf(first.authorizationUrl)).port), '127.0.0.1', resolve);
    });
    try {
      const second = await desk.begin('github');
      expect(redirectOf(second.authorizationUrl)).not.toBe(redirectOf(first.authorizationUrl));
      expect(clientIdOf(second.authorizationUrl)).not.toBe(clientIdOf(first.authorizationUrl));
      await browse(second.authorizationUrl);
      expect(await second.done).toMatchObject({ kind: 'signed-in' });
    } finally {
      taken.close();
    }
  });
});
