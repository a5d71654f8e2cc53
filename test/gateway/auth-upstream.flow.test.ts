/** Our own credentials towards an upstream: got from token endpoints, and never the client's. */
import { createHash } from 'node:crypto';
import { beforeEach, describe, expect, test } from 'vitest';
import type { CredentialsConfig } from '../../src/shared/config/schema.ts';
import type { UpstreamCredentials } from '../../src/main/pipeline/credentials.ts';
import { anonymous, type Principal } from '../../src/main/pipeline/guard.ts';
import type { Logger } from '../../src/main/ports.ts';
import { upstreamCredentials } from '../../src/main/secrets/credentials/upstream-credentials.ts';
import { TestClock } from '../kit/oidc-exchange.ts';
import { testIssuer } from '../kit/oidc-provider.ts';
import { scriptedServer, type ScriptedAnswer, type ScriptedRequest } from '../kit/oidc-scripted.ts';

let clock: TestClock;
const lines: string[] = [];
const note = (message: string, facts: object = {}) => void lines.push(message + JSON.stringify(facts));
const log: Logger = { debug: note, info: note, warn: note, error: note };

beforeEach(() => {
  clock = new TestClock();
  lines.length = 0;
});

const credentialsOf = (config: CredentialsConfig): UpstreamCredentials =>
  upstreamCredentials(config, { upstream: 'github', secret: text => Promise.resolve(text.replace('${env:S}', 'the-secret')), clock, log });

const valueOf = async (credentials: UpstreamCredentials, principal: Principal = anonymous) => (await credentials.headers(principal))[1];

describe('client credentials', () => {
  test('are got from a real provider for the resource, used until shortly before they expire, and got anew in the background', async () => {
    await using idp = await testIssuer();
    const { clientId, clientSecret, tokenUrl } = idp;
    const credentials = credentialsOf({
      clientCredentials: { tokenUrl, clientId, clientSecret, scope: 'mcp', resource: 'https://mcp.example/mcp' },
    });
    const values = await Promise.all(Array.from({ length: 10 }, () => valueOf(credentials)));
    expect([new Set(values).size, idp.countOf('/token')]).toEqual([1, 1]);
    const claims = JSON.parse(Buffer.from(values[0]?.split('.')[1] ?? '', 'base64url').toString()) as object;
    expect(claims).toMatchObject({ aud: 'https://mcp.example/mcp', scope: 'mcp', client_id: clientId });
    expect(credentials.headers(anonymous)).toEqual(['Authorization', values[0]]);
    clock.advance(245_000);
    expect(credentials.headers(anonymous)).toEqual(['Authorization', values[0]]);
    await expect.poll(() => idp.countOf('/token')).toBe(2);
    await expect.poll(() => credentials.headers(anonymous)).not.toEqual(['Authorization', values[0]]);
  });

  test('a provider that wants the secret in the body gets it there, and is not asked twice each time', async () => {
    await using endpoint = await scriptedServer(() => ({
      '/token': request =>
        request.form.get('client_secret') === 'the-secret'
          ? { json: { access_token: `t${request.form.get('client_id')}`, token_type: 'bearer', expires_in: 1 } }
          : { status: 401, headers: { 'www-authenticate': 'Basic realm="x"' }, json: { error: 'invalid_client' } },
    }));
    const credentials = credentialsOf({
      clientCredentials: { tokenUrl: `${endpoint.origin}/token`, clientId: 'c', clientSecret: '${env:S}' },
    });
    expect(await valueOf(credentials)).toBe('Bearer tc');
    clock.advance(1000);
    expect(await valueOf(credentials)).toBe('Bearer tc');
    expect(endpoint.requests.map(({ headers, form }) => [headers.authorization !== undefined, form.has('client_secret')])).toEqual([
      [true, false],
      [false, true],
      [false, true],
    ]);
  });

  test.each<[string, () => ScriptedAnswer, string]>([
    [
      'refuses the client',
      () => ({ status: 400, json: { error: 'unauthorized_client', error_description: 'the-secret is wrong' } }),
      'unauthorized_client',
    ],
    ['says something that is no word', () => ({ status: 400, json: { error: 'X the-secret X' } }), 'an error that is no word'],
    ['gives no token', () => ({ json: { token_type: 'bearer', note: 'the-secret' } }), 'access_token'],
    ['gives a token of another kind', () => ({ json: { access_token: 'the-secret', token_type: 'dpop' } }), 'of the type dpop'],
    ['sends us elsewhere', () => ({ status: 307, headers: { location: 'https://evil.example/' } }), 'unexpected HTTP status code'],
  ])('a provider that %s: UPSTREAM_AUTH, without secrets in error or log', async (_name, answer, words) => {
    await using endpoint = await scriptedServer(() => ({ '/token': answer }));
    const credentials = credentialsOf({
      clientCredentials: { tokenUrl: `${endpoint.origin}/token`, clientId: 'c', clientSecret: '${env:S}' },
    });
    const error = await valueOf(credentials).catch((caught: unknown) => caught);
    expect(error).toMatchObject({ code: 'UPSTREAM_AUTH', message: expect.stringContaining(words), facts: { may_have_executed: false } });
    expect(JSON.stringify([(error as Error).message, (error as Error).cause, lines])).not.toContain('the-secret');
  });

  test('a provider that is down is asked once a second, and its return ends the failures', async () => {
    const script: { answer: ScriptedAnswer } = { answer: { status: 500 } };
    await using endpoint = await scriptedServer(() => ({ '/token': () => script.answer }));
    const credentials = credentialsOf({ clientCredentials: { tokenUrl: `${endpoint.origin}/token`, clientId: 'c', clientSecret: 's' } });
    for (let count = 0; count < 5; count += 1) await expect(valueOf(credentials)).rejects.toMatchObject({ code: 'UPSTREAM_AUTH' });
    expect(endpoint.requests).toHaveLength(1);
    script.answer = { json: { access_token: 't', token_type: 'Bearer' } };
    clock.advance(1000);
    expect(await valueOf(credentials)).toBe('Bearer t');
  });
});

describe('token exchange', () => {
  const person = (id: string, token: string, exp?: number): Principal => ({
    kind: 'token',
    id,
    scopes: [],
    roles: [],
    claims: exp === undefined ? {} : { exp },
    token,
  });
  /** RFC 8693: makes a token of the one it is given, by its hash. */
  const exchange = (request: ScriptedRequest): ScriptedAnswer =>
    request.form.get('grant_type') === 'urn:ietf:params:oauth:grant-type:token-exchange' && request.form.has('subject_token')
      ? {
          json: {
            access_token: `for-${createHash('sha256')
              .update(request.form.get('subject_token') ?? '')
              .digest('hex')}`,
            issued_token_type: 'urn:ietf:params:oauth:token-type:access_token',
            token_type: 'Bearer',
            expires_in: 300,
          },
        }
      : { status: 400, json: { error: 'invalid_request' } };
  const configOf = (origin: string): CredentialsConfig => ({
    tokenExchange: {
      tokenUrl: `${origin}/token`,
      clientId: 'gateway',
      clientSecret: '${env:S}',
      audience: 'github',
      resource: 'https://mcp.example/mcp',
    },
  });

  test('makes a token per person, once, and the client’s own goes to the token endpoint alone', async () => {
    await using endpoint = await scriptedServer(() => ({ '/token': exchange }));
    const credentials = credentialsOf(configOf(endpoint.origin));
    const [ada, bob] = [person('ada', 'token-of-ada'), person('bob', 'token-of-bob')];
    const sent = await Promise.all([ada, ada, bob, ada, bob].map(who => valueOf(credentials, who)));
    expect([new Set(sent).size, endpoint.requests.length]).toEqual([2, 2]);
    expect(Object.fromEntries(endpoint.requests[0]?.form ?? [])).toEqual({
      grant_type: 'urn:ietf:params:oauth:grant-type:token-exchange',
      subject_token: 'token-of-ada',
      subject_token_type: 'urn:ietf:params:oauth:token-type:access_token',
      requested_token_type: 'urn:ietf:params:oauth:token-type:access_token',
      audience: 'github',
      resource: 'https://mcp.example/mcp',
    });
    expect(credentials.headers(ada)).toEqual(['Authorization', sent[0]]);
    expect(JSON.stringify([sent, lines])).not.toMatch(/token-of-/);
    // The same person with a new token is exchanged for anew: the old one may have been narrower.
    await valueOf(credentials, person('ada', 'newer-token-of-ada'));
    expect(endpoint.requests).toHaveLength(3);
  });

  test('what was made from a token ends with it', async () => {
    await using endpoint = await scriptedServer(() => ({ '/token': exchange }));
    const credentials = credentialsOf(configOf(endpoint.origin));
    const ada = person('ada', 'token-of-ada', Math.floor(clock.now() / 1000) + 20);
    await valueOf(credentials, ada);
    clock.advance(19_000);
    await valueOf(credentials, ada);
    expect(endpoint.requests.length).toBeGreaterThan(1);
  });

  test('somebody without a token is told, and nobody is asked', async () => {
    await using endpoint = await scriptedServer(() => ({ '/token': exchange }));
    const credentials = credentialsOf(configOf(endpoint.origin));
    for (const who of [anonymous, { ...anonymous, kind: 'api-key' as const, id: 'key:ci' }])
      expect(() => credentials.headers(who)).toThrow(expect.objectContaining({ code: 'UPSTREAM_AUTH' }));
    expect(endpoint.requests).toEqual([]);
  });

  test('a refused token of one person is made anew, those of others are left alone', async () => {
    await using endpoint = await scriptedServer(() => ({ '/token': exchange }));
    const credentials = credentialsOf(configOf(endpoint.origin));
    const [ada, bob] = [person('ada', 'token-of-ada'), person('bob', 'token-of-bob')];
    await valueOf(credentials, ada);
    await valueOf(credentials, bob);
    clock.advance(5000);
    expect(credentials.rejected(ada)).toBe(true);
    expect(credentials.headers(bob)).not.toBeInstanceOf(Promise);
    await valueOf(credentials, ada);
    expect(endpoint.requests).toHaveLength(3);
    expect(credentials.rejected(person('eve', 'x'))).toBe(false);
  });

  test('ten thousand people are remembered; the one who was away longest is exchanged for anew', async () => {
    let count = 0;
    const fetch = () => {
      count += 1;
      return Promise.resolve(Response.json({ access_token: `t${count}`, token_type: 'bearer', expires_in: 3600 }));
    };
    const credentials: UpstreamCredentials = upstreamCredentials(configOf('https://idp.example'), {
      upstream: 'github',
      secret: text => Promise.resolve(text),
      clock,
      log,
      fetch,
    });
    const who = (at: number) => person(`p${at}`, `token-of-${at}`);
    for (let at = 0; at < 10_000; at += 1) await credentials.headers(who(at));
    expect(credentials.headers(who(0))).not.toBeInstanceOf(Promise);
    await credentials.headers(who(10_000));
    expect([count, credentials.headers(who(0)) instanceof Promise, credentials.headers(who(1)) instanceof Promise]).toEqual([
      10_001,
      false,
      true,
    ]);
  });
});
