/** The gateway as a resource server, against a real OpenID provider: which tokens get in, and what the others are told. */
import { createHash, randomBytes } from 'node:crypto';
import { SignJWT, UnsecuredJWT } from 'jose';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { silentLogger, type Logger } from '../../src/main/ports.ts';
import { authenticate } from '../../src/main/stages/authenticate.ts';
import { prepareAuth, type AuthDeps, type ListenerAuth } from '../../src/main/stages/authenticate/listener-auth.ts';
import { aListener, ask, TestClock, type AskOptions, type Outcome } from '../kit/oidc-exchange.ts';
import { testIssuer, type TestIssuer } from '../kit/oidc-provider.ts';
import { scriptedServer, type ScriptedAnswer } from '../kit/oidc-scripted.ts';

const resource = 'https://gw.example/mcp/github';
const metadata = 'https://gw.example/.well-known/oauth-protected-resource/mcp/github';

let idp: TestIssuer;
let clock: TestClock;
const lines: string[] = [];
const log: Logger = {
  debug: (message, facts) => void lines.push(message + JSON.stringify(facts ?? {})),
  info: (message, facts) => void lines.push(message + JSON.stringify(facts ?? {})),
  warn: (message, facts) => void lines.push(message + JSON.stringify(facts ?? {})),
  error: (message, facts) => void lines.push(message + JSON.stringify(facts ?? {})),
};

beforeAll(async () => {
  idp = await testIssuer();
});
afterAll(() => idp[Symbol.asyncDispose]());
beforeEach(() => {
  clock = new TestClock();
  lines.length = 0;
});

const deps = (more: Partial<AuthDeps> = {}): AuthDeps => ({ clock, log, secret: text => Promise.resolve(text), ...more });
const anAuth = (issuer: Record<string, unknown> = {}, auth: Record<string, unknown> = {}, more: Partial<AuthDeps> = {}): ListenerAuth =>
  prepareAuth(aListener({ issuers: [{ issuer: idp.issuer, audiences: [resource], ...issuer }], ...auth }), deps(more)) as ListenerAuth;
const stageOf = (auth: ListenerAuth) => authenticate({ authFor: () => auth });
const withToken = (auth: ListenerAuth, token: string, options: AskOptions = {}): Promise<Outcome> =>
  ask(stageOf(auth), { headers: ['Authorization', `Bearer ${token}`], ...options });

/** The word for the refusal, and its status by code; `in` when it was let through. */
function wordOf({ verdict }: Outcome): string {
  return verdict.kind === 'answer' ? 'in' : `${verdict.code} ${String(verdict.facts?.reason)}`;
}

describe('a token of the issuer', () => {
  test('gets in with its subject, scopes and claims, found by metadata alone', async () => {
    const token = await idp.token(resource, 'mcp mcp:write');
    const outcome = await withToken(anAuth(), token);
    expect(wordOf(outcome)).toBe('in');
    expect(outcome.principal).toMatchObject({ kind: 'token', sub: idp.clientId, iss: idp.issuer, scopes: ['mcp', 'mcp:write'], token });
    expect(outcome.principal?.id).toMatch(/^[0-9a-f]{32}$/);
    expect(JSON.stringify(outcome.principal?.claims)).not.toContain(token);
    expect(outcome.decisions).toEqual([{ stage: 'authenticate', kind: 'passed', id: idp.issuer, reason: 'token' }]);
  });

  test('is checked once for requests that come together, and not again for a minute', async () => {
    const auth = anAuth({ jwksUri: idp.jwksUri });
    const token = await idp.token(resource);
    const before = idp.countOf('/jwks');
    const words = await Promise.all(Array.from({ length: 20 }, () => withToken(auth, token).then(wordOf)));
    expect(new Set(words)).toEqual(new Set(['in']));
    expect(idp.countOf('/jwks') - before).toBe(1);
    expect(auth.verifyBearer(token)).not.toBeInstanceOf(Promise);
    clock.advance(60_000);
    expect(auth.verifyBearer(token)).toBeInstanceOf(Promise);
  });

  test('is refused from the moment of its expiry on, although it was remembered as good', async () => {
    const auth = anAuth();
    const exp = Math.floor(clock.now() / 1000) + 20;
    const token = await idp.sign({ aud: resource, exp });
    expect(wordOf(await withToken(auth, token))).toBe('in');
    clock.at = exp * 1000 + 4000;
    expect(wordOf(await withToken(auth, token))).toBe('in');
    clock.at = exp * 1000 + 5000;
    expect(wordOf(await withToken(auth, token))).toBe('UNAUTHORIZED expired');
  });

  test.each<[string, () => Promise<string>, string]>([
    ['for another audience', () => idp.token('https://elsewhere.example/mcp'), 'wrong_audience'],
    ['without an audience', () => idp.sign({}), 'wrong_audience'],
    ['of an issuer nobody trusts', () => idp.sign({ aud: resource, iss: 'https://evil.example' }), 'unknown_issuer'],
    ['of an issuer whose name only begins the same', () => idp.sign({ aud: resource, iss: `${idp.issuer}/` }), 'unknown_issuer'],
    ['that has expired', () => idp.sign({ aud: resource, exp: Math.floor(Date.now() / 1000) - 60 }), 'expired'],
    ['without an expiry', () => idp.sign({ aud: resource, exp: undefined }), 'no_expiry'],
    ['that is not valid yet', () => idp.sign({ aud: resource, nbf: Math.floor(Date.now() / 1000) + 60 }), 'not_yet_valid'],
    ['that is made for logging out', () => idp.sign({ aud: resource }, { typ: 'logout+jwt' }), 'wrong_type'],
    ['that names nobody', () => idp.sign({ aud: resource, sub: undefined }), 'no_subject'],
    ['that is bound to a DPoP key', () => idp.sign({ aud: resource, cnf: { jkt: 'x' } }), 'bound_token'],
    ['that is bound to a certificate nobody shows', () => idp.sign({ aud: resource, cnf: { 'x5t#S256': 'x' } }), 'bound_token'],
  ])('%s is told so', async (_name, token, reason) => {
    const outcome = await withToken(anAuth(), await token());
    expect(wordOf(outcome)).toBe(`UNAUTHORIZED ${reason}`);
    expect(outcome.challenge).toContain('Bearer error="invalid_token"');
    expect(outcome.challenge).toContain(`resource_metadata="${metadata}"`);
    expect(outcome.principal).toBeUndefined();
  });

  test('is bound to its route: one that was given out for another route of the same listener does not fit', async () => {
    const other = 'https://gw.example/mcp/files';
    const listener = aListener({ issuers: [{ issuer: idp.issuer, audiences: [resource, other, 'gateway'] }] }, [
      { path: '/mcp/github', upstream: 'github' },
      { path: '/mcp/files', upstream: 'files' },
    ]);
    const auth = prepareAuth(listener, deps()) as ListenerAuth;
    const words = async (aud: string | string[]) => {
      const token = await idp.sign({ aud });
      return [wordOf(await withToken(auth, token)), wordOf(await withToken(auth, token, { route: { path: '/mcp/files' } }))];
    };
    expect(await words(resource)).toEqual(['in', 'UNAUTHORIZED wrong_audience']);
    expect(await words(other)).toEqual(['UNAUTHORIZED wrong_audience', 'in']);
    expect(await words([resource, other])).toEqual(['in', 'in']);
    expect(await words('gateway')).toEqual(['in', 'in']);
  });

  test('that is bound to a client certificate gets in with that certificate only', async () => {
    const fingerprint = createHash('sha256')
      .update('certificate')
      .digest('hex')
      .toUpperCase()
      .replace(/..(?!$)/g, '$&:');
    const thumbprint = createHash('sha256').update('certificate').digest('base64url');
    const token = await idp.sign({ aud: resource, cnf: { 'x5t#S256': thumbprint } });
    const auth = anAuth();
    const ask_ = (shown: string) =>
      ask(authenticate({ authFor: () => auth, guardCertificate: () => ({ subject: 'CN=ada', fingerprint: shown }) }), {
        headers: ['authorization', `Bearer ${token}`],
      }).then(wordOf);
    expect([await ask_(fingerprint), await ask_('00:11')]).toEqual(['in', 'UNAUTHORIZED bound_token']);
  });
});

describe('a made-up token', () => {
  test('without a signature, or signed with the public key as if it were a shared secret, gets nowhere near the issuer', async () => {
    const auth = anAuth();
    const before = idp.requests.length;
    const claims = { sub: 'ada', aud: resource };
    const unsigned = new UnsecuredJWT({ ...claims, iss: idp.issuer }).setExpirationTime('5m').encode();
    const confused = await new SignJWT({ ...claims, iss: idp.issuer })
      .setProtectedHeader({ alg: 'HS256', kid: idp.publicKey().kid as string })
      .setExpirationTime('5m')
      .sign(Buffer.from(JSON.stringify(idp.publicKey())));
    expect(wordOf(await withToken(auth, unsigned))).toBe('UNAUTHORIZED algorithm_not_allowed');
    expect(wordOf(await withToken(auth, confused))).toBe('UNAUTHORIZED algorithm_not_allowed');
    expect(idp.requests.length).toBe(before);
  });

  test('whose claims were changed, whose key id is another’s, or which is no token at all is refused', async () => {
    const auth = anAuth();
    const [header, , signature] = (await idp.token(resource)).split('.') as [string, string, string];
    const claims = { iss: idp.issuer, sub: 'root', aud: resource, exp: Math.floor(Date.now() / 1000) + 300 };
    const forged = [header, Buffer.from(JSON.stringify(claims)).toString('base64url'), signature].join('.');
    const foreign = await using_(testIssuer(), async other => other.sign({ iss: idp.issuer, aud: resource }));
    const sameId = await using_(testIssuer(), async other => other.sign({ iss: idp.issuer, aud: resource }, { kid: idp.publicKey().kid }));
    expect(wordOf(await withToken(auth, forged))).toBe('UNAUTHORIZED bad_signature');
    expect(wordOf(await withToken(auth, foreign))).toBe('UNAUTHORIZED unknown_key');
    expect(wordOf(await withToken(auth, sameId))).toBe('UNAUTHORIZED bad_signature');
    for (const word of ['x', 'a.b.c', '..', 'eyJ.e30.', 'x'.repeat(15_000)])
      expect(wordOf(await withToken(auth, word))).toBe('UNAUTHORIZED unknown_token');
  });

  test('is never quoted: not in what is answered, noted or logged', async () => {
    const auth = anAuth({}, { apiKeys: [{ id: 'ci', hash: `sha256:${createHash('sha256').update('right').digest('hex')}` }] });
    const tokens = [await idp.sign({ aud: 'https://elsewhere.example' }), 'opaque-secret-word', `${await idp.token(resource)}x`];
    for (const token of tokens) {
      const { verdict, decisions } = await withToken(auth, token);
      const said = JSON.stringify([verdict, decisions, lines]);
      expect(said).not.toContain(token);
      expect(said).not.toContain(token.slice(-20));
    }
  });
});

describe('keys of the issuer', () => {
  test('rotate while requests run: the old one serves until it is gone, the new one is found at once', async () => {
    await using issuer = await testIssuer();
    const auth = anAuth({ issuer: issuer.issuer });
    const old = await issuer.token(resource);
    expect(wordOf(await withToken(auth, old))).toBe('in');
    await issuer.rotateKeys();
    const fresh = await Promise.all(Array.from({ length: 5 }, () => issuer.sign({ aud: resource, jti: randomBytes(4).toString('hex') })));
    const before = issuer.countOf('/jwks');
    expect(new Set(await Promise.all(fresh.map(token => withToken(auth, token).then(wordOf))))).toEqual(new Set(['in']));
    expect(issuer.countOf('/jwks') - before).toBe(1);
    // What was checked a moment ago is believed for a minute, then its key is looked for in vain.
    expect(wordOf(await withToken(auth, old))).toBe('in');
    clock.advance(60_000);
    expect(wordOf(await withToken(auth, old))).toBe('UNAUTHORIZED unknown_key');
  });

  test('made-up key ids become one request to the issuer in 30 s', async () => {
    await using issuer = await testIssuer();
    const auth = anAuth({ issuer: issuer.issuer });
    expect(wordOf(await withToken(auth, await issuer.token(resource)))).toBe('in');
    const before = issuer.countOf('/jwks');
    const madeUp = async () => wordOf(await withToken(auth, await issuer.sign({ aud: resource }, { kid: randomBytes(4).toString('hex') })));
    for (let count = 0; count < 10; count += 1) expect(await madeUp()).toBe('UNAUTHORIZED unknown_key');
    expect(issuer.countOf('/jwks') - before).toBe(1);
    clock.advance(30_000);
    await madeUp();
    expect(issuer.countOf('/jwks') - before).toBe(2);
  });

  test('serve on while the issuer is down, however old they are, and unknown ones are refused as not checkable', async () => {
    await using issuer = await testIssuer();
    const auth = anAuth({ issuer: issuer.issuer });
    const sign = (header = {}) =>
      issuer.sign({ aud: resource, exp: Math.floor(clock.now() / 1000) + 300, jti: randomBytes(4).toString('hex') }, header);
    expect(wordOf(await withToken(auth, await sign()))).toBe('in');
    await issuer.stopAnswering();
    clock.advance(30 * 60_000);
    expect(wordOf(await withToken(auth, await sign()))).toBe('in');
    expect(auth.health()).toMatchObject([{ issuer: issuer.issuer, isReachable: false, keyCount: 1 }]);
    const outcome = await withToken(auth, await sign({ kid: 'unseen' }));
    expect(wordOf(outcome)).toBe('UNAVAILABLE issuer_unreachable');
    expect(outcome.challenge).toBeUndefined();
    // Nobody was asked for this one, and still nobody knows.
    expect(wordOf(await withToken(auth, await sign({ kid: 'unseen-too' })))).toBe('UNAVAILABLE issuer_unreachable');
    await issuer.answerAgain();
    await issuer.rotateKeys();
    clock.advance(30_000);
    expect(wordOf(await withToken(auth, await sign()))).toBe('in');
    expect(auth.health()).toMatchObject([{ isReachable: true }]);
  });

  test('that never were known make a token unchecked, not bad, and it gets in once the issuer is back', async () => {
    await using issuer = await testIssuer();
    const token = await issuer.token(resource);
    await issuer.stopAnswering();
    const auth = anAuth({ issuer: issuer.issuer });
    const { verdict } = await withToken(auth, token);
    expect(verdict).toMatchObject({
      kind: 'refuse',
      code: 'UNAVAILABLE',
      facts: { reason: 'issuer_unreachable', state: 'issuer_unreachable', retry_after_ms: 5000 },
    });
    await issuer.answerAgain();
    // Not asked again at once: a server that comes up is not helped by being hammered.
    expect(wordOf(await withToken(auth, token))).toBe('UNAVAILABLE issuer_unreachable');
    clock.advance(5000);
    expect(wordOf(await withToken(auth, token))).toBe('in');
  });

  test('and verified tokens of an unchanged issuer survive a new configuration; those of a changed one do not', async () => {
    await using issuer = await testIssuer();
    const issuers = [{ issuer: issuer.issuer, audiences: [resource] }];
    const first = prepareAuth(aListener({ issuers }), deps()) as ListenerAuth;
    const token = await issuer.token(resource);
    await withToken(first, token);
    await issuer.stopAnswering();
    const same = prepareAuth(aListener({ issuers, mode: 'optional' }), deps({ previous: first })) as ListenerAuth;
    expect(same.verifyBearer(token)).toMatchObject({ kind: 'good' });
    clock.advance(60_000);
    expect(wordOf(await withToken(same, token))).toBe('in');
    const narrower = [{ issuer: issuer.issuer, audiences: ['https://elsewhere.example'] }];
    const changed = prepareAuth(aListener({ issuers: narrower }), deps({ previous: same })) as ListenerAuth;
    expect(wordOf(await withToken(changed, token))).not.toBe('in');
  });
});

test('metadata is believed only when it is of the very issuer, and every usual address of it is tried', async () => {
  await using server = await scriptedServer();
  const issuer = `${server.origin}/tenant`;
  const sign = () => idp.sign({ iss: issuer, aud: resource });
  const metadataOf = (named: string) => () => ({ json: { issuer: named, jwks_uri: idp.jwksUri } });
  const auth = anAuth({ issuer });
  expect(wordOf(await withToken(auth, await sign()))).toBe('UNAVAILABLE issuer_unreachable');
  expect(server.requests.map(request => request.path)).toEqual([
    '/.well-known/oauth-authorization-server/tenant',
    '/.well-known/openid-configuration/tenant',
    '/tenant/.well-known/openid-configuration',
  ]);
  server.routes['/tenant/.well-known/openid-configuration'] = metadataOf(server.origin);
  clock.advance(5000);
  expect(wordOf(await withToken(auth, await sign()))).toBe('UNAVAILABLE issuer_unreachable');
  server.routes['/tenant/.well-known/openid-configuration'] = metadataOf(issuer);
  clock.advance(5000);
  expect(wordOf(await withToken(auth, await sign()))).toBe('in');
});

describe('opaque tokens', () => {
  test.each<[string, ScriptedAnswer, string]>([
    ['vouches for it', {}, 'in'],
    ['vouches for it without a time', { json: { exp: undefined } }, 'in'],
    ['says so in a text', { json: { active: 'true' } }, 'UNAUTHORIZED inactive'],
    ['speaks for another issuer', { json: { iss: 'https://evil.example' } }, 'UNAUTHORIZED unknown_issuer'],
    ['names no audience', { json: { aud: undefined } }, 'UNAUTHORIZED wrong_audience'],
    ['names another audience', { json: { aud: ['https://elsewhere.example'] } }, 'UNAUTHORIZED wrong_audience'],
    ['says it is over', { json: { exp: 1000 } }, 'UNAUTHORIZED expired'],
    ['says it is not valid yet', { json: { nbf: 9_999_999_999 } }, 'UNAUTHORIZED not_yet_valid'],
    ['says it is bound to a key', { json: { cnf: { jkt: 'x' } } }, 'UNAUTHORIZED bound_token'],
    ['names nobody', { json: { sub: undefined } }, 'UNAUTHORIZED no_subject'],
    ['does not let us ask', { status: 401 }, 'UNAVAILABLE issuer_unreachable'],
    ['answers something else', { json: undefined }, 'UNAVAILABLE issuer_unreachable'],
  ])('an issuer that %s: %#', async (_name, { status, json }, word) => {
    const scripted = { status, json };
    await using server = await scriptedServer(() => ({
      '/introspect': ({ headers, form }) => {
        if (headers.authorization !== `Basic ${Buffer.from('gate%2Fway:s+e%3Acret').toString('base64')}` || form.get('token') !== 'opaque')
          return { status: 400 };
        if (status !== undefined || word.endsWith('unreachable')) return { status: scripted.status ?? 200 };
        return { json: { active: true, sub: 'ada', aud: resource, exp: 9_999_999_999, ...(json as object) } };
      },
    }));
    const introspection = { endpoint: `${server.origin}/introspect`, clientId: 'gate/way', clientSecret: 's e:cret' };
    const auth = anAuth({ issuer: server.origin, introspection });
    expect(wordOf(await withToken(auth, 'opaque'))).toBe(word);
  });

  test('are asked about once a minute, and not believed any longer after they were revoked', async () => {
    await using issuer = await testIssuer({ tokens: 'opaque' });
    const introspection = { endpoint: issuer.introspectionUrl, clientId: issuer.clientId, clientSecret: '${env:SECRET}' };
    const secret = (text: string) => Promise.resolve(text === '${env:SECRET}' ? issuer.clientSecret : text);
    const auth = anAuth({ issuer: issuer.issuer, introspection }, {}, { secret });
    const token = await issuer.token(resource, 'mcp');
    const together = await Promise.all(Array.from({ length: 10 }, () => withToken(auth, token).then(wordOf)));
    expect(new Set(together)).toEqual(new Set(['in']));
    expect(wordOf(await withToken(auth, token))).toBe('in');
    expect(issuer.countOf('/token/introspection')).toBe(1);
    await issuer.revoke(token);
    clock.advance(60_000);
    expect(wordOf(await withToken(auth, token))).toBe('UNAUTHORIZED inactive');
    expect(wordOf(await withToken(auth, await issuer.token('https://elsewhere.example/mcp')))).toBe('UNAUTHORIZED wrong_audience');
    await issuer.stopAnswering();
    expect(wordOf(await withToken(auth, 'another'))).toBe('UNAVAILABLE issuer_unreachable');
  });

  test('are asked about at each issuer in turn', async () => {
    await using first = await testIssuer({ tokens: 'opaque' });
    await using second = await testIssuer({ tokens: 'opaque' });
    const entry = (of: TestIssuer) => ({
      issuer: of.issuer,
      audiences: [resource],
      introspection: { endpoint: of.introspectionUrl, clientId: of.clientId, clientSecret: of.clientSecret },
    });
    const auth = prepareAuth(aListener({ issuers: [entry(first), entry(second)] }), deps()) as ListenerAuth;
    const outcome = await withToken(auth, await second.token(resource));
    expect(outcome.decisions).toMatchObject([{ kind: 'passed', id: second.issuer }]);
    await first.stopAnswering();
    expect(wordOf(await withToken(auth, await second.token(resource)))).toBe('in');
    expect(wordOf(await withToken(auth, 'nobody-knows-it'))).toBe('UNAVAILABLE issuer_unreachable');
  });
});

async function using_<T extends AsyncDisposable, R>(made: Promise<T>, use: (value: T) => Promise<R>): Promise<R> {
  await using value = await made;
  return await use(value);
}

test('several issuers stand side by side, and one cannot speak for another', async () => {
  await using other = await testIssuer();
  const listener = aListener({
    issuers: [
      { issuer: idp.issuer, audiences: [resource] },
      { issuer: other.issuer, audiences: [resource] },
    ],
  });
  const auth = prepareAuth(listener, { ...deps(), log: silentLogger }) as ListenerAuth;
  const ids = [await withToken(auth, await idp.sign({ aud: resource })), await withToken(auth, await other.sign({ aud: resource }))].map(
    outcome => outcome.principal?.id,
  );
  expect(ids[0]).toBeDefined();
  expect(ids[0]).not.toBe(ids[1]);
  expect(wordOf(await withToken(auth, await other.sign({ aud: resource, iss: idp.issuer })))).toBe('UNAUTHORIZED unknown_key');
});
