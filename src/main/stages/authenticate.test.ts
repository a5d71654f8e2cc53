import { createHash } from 'node:crypto';
import { describe, expect, test } from 'vitest';
import { aListener, ask, TestClock, type AskOptions, type Outcome } from '../../../test/kit/oidc-exchange.ts';
import { silentLogger } from '../ports.ts';
import { authenticate } from './authenticate.ts';
import { prepareAuth, type AuthProblems, type ListenerAuth } from './authenticate/listener-auth.ts';
import { protectedResourceMetadata, wellKnownAnswer } from './authenticate/protected-resource.ts';

const sha256 = (key: string, encoding: 'hex' | 'base64url') => `sha256:${createHash('sha256').update(key).digest(encoding)}`;
const apiKeys = [
  { id: 'ci', hash: sha256('key-of-ci', 'hex'), roles: ['robot'], scopes: ['mcp'] },
  { id: 'ops', hash: sha256('key-of-ops', 'base64url'), scopes: ['mcp', 'mcp:write', 'mcp:admin'] },
];
const issuers = [{ issuer: 'https://idp.example', audiences: ['https://gw.example/mcp/github'] }];
const deps = {
  clock: new TestClock(),
  log: silentLogger,
  secret: (text: string) => Promise.resolve(text),
  fetch: () => Promise.reject(new Error('down')),
};
const metadata = 'resource_metadata="https://gw.example/.well-known/oauth-protected-resource/mcp/github"';

function asked(options: AskOptions, auth: Record<string, unknown> = {}): Promise<Outcome> {
  const prepared = prepareAuth(aListener({ issuers, apiKeys, ...auth }), deps) as ListenerAuth;
  return ask(authenticate({ authFor: () => prepared }), options);
}

const wordOf = ({ verdict }: Outcome) => (verdict.kind === 'answer' ? 'in' : `${verdict.code} ${String(verdict.facts?.reason)}`);

describe('credentials', () => {
  test('no credentials are told where to get some, without an error code', async () => {
    const outcome = await asked({ route: { scopes: ['mcp'] } });
    expect(outcome.verdict).toMatchObject({ kind: 'refuse', stage: 'authenticate', code: 'UNAUTHORIZED' });
    expect(outcome.verdict).toMatchObject({ facts: { reason: 'no_credentials', correlation_id: 'c0ffee00' } });
    expect(outcome.challenge).toBe(`Bearer scope="mcp", ${metadata}`);
    expect(outcome.decisions).toEqual([{ stage: 'authenticate', kind: 'refused', reason: 'no_credentials' }]);
  });

  test.each<[string, AskOptions, string]>([
    [
      'two Authorization fields',
      { headers: ['Authorization', 'Bearer key-of-ci', 'authorization', 'Bearer key-of-ci'] },
      'several_credentials',
    ],
    ['a token and an API key', { headers: ['Authorization', 'Bearer key-of-ci', 'x-api-key', 'key-of-ci'] }, 'several_credentials'],
    ['two tokens in one field', { headers: ['Authorization', 'Bearer a, Bearer b'] }, 'malformed_credentials'],
    ['another scheme', { headers: ['Authorization', 'Basic a2V5OmtleQ=='] }, 'not_bearer'],
    ['an empty token', { headers: ['Authorization', 'Bearer '] }, 'malformed_credentials'],
    ['an empty API key', { headers: ['X-API-Key', ' '] }, 'malformed_credentials'],
    ['a token in the address', { path: '/mcp/github?x=1&access_token=key-of-ci' }, 'token_in_query'],
    [
      'a token in the address, disguised',
      { path: '/mcp/github?access%5Ftoken=t', headers: ['Authorization', 'Bearer key-of-ci'] },
      'token_in_query',
    ],
  ])('%s: refused, also where credentials are optional', async (_name, options, reason) => {
    for (const mode of ['strict', 'optional']) {
      const outcome = await asked(options, { mode });
      expect(wordOf(outcome)).toBe(`UNAUTHORIZED ${reason}`);
      expect(outcome.challenge).toContain('error="invalid_request"');
      expect(outcome.principal).toBeUndefined();
    }
  });

  test('an API key is its principal, in either header and with its hash written either way', async () => {
    const outcomes = [
      await asked({ headers: ['Authorization', 'Bearer key-of-ci'] }),
      await asked({ headers: ['X-API-KEY', 'key-of-ci'] }),
      await asked({ headers: ['x-team-key', 'key-of-ops'] }, { apiKeyHeader: 'X-Team-Key' }),
    ];
    expect(outcomes.map(({ principal }) => [principal?.id, principal?.kind, principal?.roles])).toEqual([
      ['key:ci', 'api-key', ['robot']],
      ['key:ci', 'api-key', ['robot']],
      ['key:ops', 'api-key', []],
    ]);
    expect(outcomes[0]?.decisions).toEqual([{ stage: 'authenticate', kind: 'passed', id: 'key:ci', reason: 'api_key' }]);
  });

  test('a wrong key, and a header that is not the configured one, are refused', async () => {
    expect(wordOf(await asked({ headers: ['X-API-Key', 'key-of-cj'] }))).toBe('UNAUTHORIZED unknown_token');
    expect(wordOf(await asked({ headers: ['Authorization', 'Bearer key-of-cj'] }))).toBe('UNAUTHORIZED unknown_token');
    expect(wordOf(await asked({ headers: ['X-API-Key', 'key-of-ci'] }, { apiKeyHeader: 'X-Team-Key' }))).toBe(
      'UNAUTHORIZED no_credentials',
    );
  });

  test('optional: nothing is anonymous, something wrong is refused', async () => {
    const none = await asked({}, { mode: 'optional' });
    expect([wordOf(none), none.principal?.id]).toEqual(['in', 'anonymous']);
    expect(wordOf(await asked({ headers: ['X-API-Key', 'wrong'] }, { mode: 'optional' }))).toBe('UNAUTHORIZED unknown_token');
    expect(wordOf(await asked({ route: { scopes: ['mcp'] } }, { mode: 'optional' }))).toBe('UNAUTHORIZED no_credentials');
  });

  test('without auth everybody is anonymous and nothing is looked at', async () => {
    const stage = authenticate({ authFor: () => undefined });
    const outcome = await ask(stage, { hasAuth: false, headers: ['Authorization', 'Basic x'] });
    expect([wordOf(outcome), outcome.principal?.id, outcome.decisions]).toEqual(['in', 'anonymous', []]);
  });

  test('auth of which nothing is known lets nobody in', async () => {
    const stage = authenticate({ authFor: () => undefined });
    await expect(async () => ask(stage, { headers: ['X-API-Key', 'key-of-ci'] })).rejects.toThrow('nothing is known');
  });

  test('a verified client certificate is a principal where there are no other credentials', async () => {
    const prepared = prepareAuth(aListener({ issuers, apiKeys }), deps) as ListenerAuth;
    const stage = authenticate({ authFor: () => prepared, guardCertificate: () => ({ subject: 'CN=ada', fingerprint: 'AA:BB' }) });
    const outcome = await ask(stage);
    expect(outcome.principal).toMatchObject({ kind: 'certificate', sub: 'CN=ada', scopes: [] });
    expect(wordOf(await ask(stage, { route: { scopes: ['mcp'] } }))).toBe('INSUFFICIENT_SCOPE insufficient_scope');
    expect((await ask(stage, { headers: ['X-API-Key', 'key-of-ci'] })).principal?.id).toBe('key:ci');
  });
});

test('at most a thousand tokens are checked at once; who comes later is asked to come again', async () => {
  const never = () => new Promise<never>(() => undefined);
  const prepared = prepareAuth(aListener({ issuers, apiKeys }), { ...deps, fetch: never }) as ListenerAuth;
  const part = (json: object) => Buffer.from(JSON.stringify(json)).toString('base64url');
  const token = (jti: number) => `${part({ alg: 'RS256' })}.${part({ iss: 'https://idp.example', jti })}.c2ln`;
  for (let jti = 0; jti < 1000; jti += 1) void prepared.verifyBearer(token(jti));
  const outcome = await ask(authenticate({ authFor: () => prepared }), { headers: ['Authorization', `Bearer ${token(1000)}`] });
  expect(outcome.verdict).toMatchObject({ code: 'UNAVAILABLE', facts: { reason: 'too_many_checks', retry_after_ms: 1000 } });
  // Those who need no check are not held up.
  expect(wordOf(await ask(authenticate({ authFor: () => prepared }), { headers: ['Authorization', 'Bearer key-of-ci'] }))).toBe('in');
});

describe('scopes', () => {
  const route = {
    scopes: ['mcp'],
    stepUp: [
      { tools: ['write_*', 'edit'], scopes: ['mcp:write'] },
      { tools: ['*_all', 'a*b*c'], scopes: ['mcp:admin'] },
    ],
  };
  const headers = ['X-API-Key', 'key-of-ci'];

  test('the challenge names all that the request needs, over all calls of a batch, in one go', async () => {
    const outcome = await asked({ route, headers, calls: ['read', 'write_file', 'delete_all'] });
    expect(wordOf(outcome)).toBe('INSUFFICIENT_SCOPE insufficient_scope');
    expect(outcome.challenge).toBe(
      `Bearer error="insufficient_scope", error_description="This needs the scopes mcp mcp:write mcp:admin.", scope="mcp mcp:write mcp:admin", ${metadata}`,
    );
    expect(outcome.decisions).toEqual([{ stage: 'authenticate', kind: 'refused', id: 'key:ci', reason: 'insufficient_scope' }]);
  });

  test.each([
    ['read', 'in'],
    ['write_file', 'INSUFFICIENT_SCOPE insufficient_scope'],
    ['edit', 'INSUFFICIENT_SCOPE insufficient_scope'],
    ['edit_more', 'in'],
    ['write', 'in'],
    ['delete_all', 'INSUFFICIENT_SCOPE insufficient_scope'],
    ['abc', 'INSUFFICIENT_SCOPE insufficient_scope'],
    ['axxbyyc', 'INSUFFICIENT_SCOPE insufficient_scope'],
    ['ac', 'in'],
    ['abcd', 'in'],
  ])('a call of %s: %s', async (tool, word) => {
    expect(wordOf(await asked({ route, headers, calls: [tool] }))).toBe(word);
    expect(wordOf(await asked({ route, headers: ['X-API-Key', 'key-of-ops'], calls: [tool] }))).toBe('in');
  });

  test('somebody anonymous who needs scopes is asked to sign in, with all of them named', async () => {
    const outcome = await asked({ route: { ...route, scopes: [] }, calls: ['edit'] }, { mode: 'optional' });
    expect(wordOf(outcome)).toBe('UNAUTHORIZED no_credentials');
    expect(outcome.challenge).toBe(`Bearer scope="mcp:write", ${metadata}`);
    expect(wordOf(await asked({ route: { ...route, scopes: [] }, calls: ['read'] }, { mode: 'optional' }))).toBe('in');
  });

  test('a scope cannot break out of the field it is quoted in', async () => {
    const outcome = await asked({ route: { scopes: ['a"b\\c\r\nX: y'] } });
    expect(outcome.challenge).toBe(`Bearer scope="a\\"b\\\\cX: y", ${metadata}`);
  });
});

describe('protected resource metadata', () => {
  const route = {
    path: '/mcp/github',
    upstream: 'github',
    scopes: ['mcp', 'offline_access'],
    stepUp: [{ tools: ['x'], scopes: ['mcp:write', 'mcp'] }],
  };
  const files = { path: '/mcp/files', upstream: 'files' };

  test('names the address that clients dial, the issuers and the scopes', () => {
    const listener = aListener({ issuers }, [route]);
    expect(protectedResourceMetadata(listener, listener.routes[0] as never)).toEqual({
      resource: 'https://gw.example/mcp/github',
      authorization_servers: ['https://idp.example'],
      bearer_methods_supported: ['header'],
      scopes_supported: ['mcp', 'mcp:write'],
    });
  });

  test('stands at the address of its route, and at the root only where there is no doubt', () => {
    const resourceAt = (listener: ReturnType<typeof aListener>, path: string) => {
      const text = wellKnownAnswer(listener, path);
      return text === undefined ? undefined : (JSON.parse(text) as { resource: string }).resource;
    };
    const one = aListener({ issuers }, [route]);
    const two = aListener({ issuers }, [route, files]);
    const root = aListener({ issuers }, [files, { path: '/', upstream: 'github' }]);
    const at = '/.well-known/oauth-protected-resource';
    expect([resourceAt(one, at), resourceAt(two, at), resourceAt(root, at), resourceAt(root, `${at}/`)]).toEqual([
      'https://gw.example/mcp/github',
      undefined,
      'https://gw.example/',
      'https://gw.example/',
    ]);
    expect([resourceAt(two, `${at}/mcp/files`), resourceAt(two, `${at}/mcp/files?x=1`), resourceAt(two, `${at}/mcp/other`)]).toEqual([
      'https://gw.example/mcp/files',
      'https://gw.example/mcp/files',
      undefined,
    ]);
    for (const path of [
      '/.well-known/oauth-authorization-server',
      '/.well-known/oauth-protected-resources',
      '/mcp/files',
      `${at}x/mcp/files`,
    ])
      expect(wellKnownAnswer(two, path)).toBeUndefined();
  });

  test('is not there without auth, nor where API keys are all there is, and the challenge does not point to it then', async () => {
    const at = '/.well-known/oauth-protected-resource/mcp/github';
    expect(wellKnownAnswer(aListener(undefined), at)).toBeUndefined();
    expect(wellKnownAnswer(aListener({ apiKeys }), at)).toBeUndefined();
    expect((await asked({}, { issuers: [] })).challenge).toBe('Bearer');
  });
});

test('auth that could let nobody in, or that has no address to bind tokens to, is a problem said in words', () => {
  const problemsOf = (listener: ReturnType<typeof aListener>) => {
    try {
      prepareAuth(listener, deps);
      return [];
    } catch (error) {
      return (error as AuthProblems).problems;
    }
  };
  const nameless = { ...aListener({ apiKeys }) };
  delete nameless.publicUrl;
  expect(problemsOf(nameless)).toEqual([expect.stringContaining('publicUrl')]);
  expect(problemsOf(aListener({}))).toEqual([expect.stringContaining('nobody could get in')]);
  expect(problemsOf(aListener({ issuers: [...issuers, ...issuers], apiKeys: [...apiKeys, ...apiKeys] }))).toHaveLength(3);
  expect(problemsOf(aListener({ apiKeys, apiKeyHeader: 'authorization' }))).toEqual([expect.stringContaining('Authorization')]);
  expect(problemsOf(aListener({ apiKeys }))).toEqual([]);
});

test('a listener that takes client certificates alone, or anybody, has auth without issuers and keys', async () => {
  const certificate = { subject: 'ada', fingerprint: createHash('sha256').update('certificate').digest('hex') };
  const tls = { cert: 'PEM', key: 'PEM', clientCertificates: 'optional' as const, clientCa: 'PEM', names: [] };
  const byCertificate = prepareAuth({ ...aListener({}), tls }, deps);
  const shown = authenticate({ authFor: () => byCertificate, guardCertificate: () => certificate });
  const hidden = authenticate({ authFor: () => byCertificate });
  expect([wordOf(await ask(shown)), wordOf(await ask(hidden))]).toEqual(['in', 'UNAUTHORIZED no_credentials']);
  const anybody = prepareAuth(aListener({ mode: 'optional' }), deps);
  expect(wordOf(await ask(authenticate({ authFor: () => anybody })))).toBe('in');
});
