/** TLS on both sides of a gateway: versions, names, renewal, client certificates; and servers that a private authority vouches for. */
import { createHash } from 'node:crypto';
import { readFileSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:https';
import { Agent } from 'node:https';
import { connect as connectPlain, type AddressInfo } from 'node:net';
import { join } from 'node:path';
import type { TLSSocket } from 'node:tls';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { certificateAuthority, type KeyAndCert } from '../kit/self-signed.ts';
import { scratchHome, type ScratchHome } from '../peers/scratch-home.ts';
import { post } from './kit/callers.ts';
import { freePort } from './kit/tap.ts';
import { answersTo, type Message } from './kit/tool-answers.ts';
import { type RunningGateway, startGateway } from './kit/running-gateway.ts';
import { tlsPost } from './kit/tls-client.ts';
import { startToolServer, type ToolServer } from './kit/tool-server.ts';
import { until } from './kit/until.ts';

const authority = certificateAuthority('Test Authority');
const stranger = certificateAuthority('Authority of Nobody');
const clientAuthority = certificateAuthority('Client Authority');
const serverAuthority = certificateAuthority('Server Authority');
const key = 'key-of-tls';

let home: ScratchHome;
let server: ToolServer;
let secure: SecureServer;
let gateway: RunningGateway;

const file = (name: string) => join(home.path, name);
const keep = (name: string, { key: privateKey, cert }: KeyAndCert) => {
  writeFileSync(file(`${name}.key`), privateKey, { mode: 0o600 });
  writeFileSync(file(`${name}.crt`), cert);
};
const tlsOf = (name: string) => ({ cert: `\${file:${file(`${name}.crt`)}}`, key: `\${file:${file(`${name}.key`)}}` });

beforeAll(async () => {
  home = await scratchHome();
  server = await startToolServer();
  keep('local', authority.issue({ commonName: 'first', addresses: ['127.0.0.1'] }));
  keep('one', authority.issue({ commonName: 'one.example', names: ['one.example'] }));
  keep('two', authority.issue({ commonName: 'two.example', names: ['two.example'] }));
  keep('wild', authority.issue({ commonName: 'wild', names: ['*.wild.example'] }));
  keep('gateway-client', clientAuthority.issue({ commonName: 'the gateway' }));
  writeFileSync(file('clients.crt'), clientAuthority.cert);
  writeFileSync(file('servers.crt'), serverAuthority.cert);
  secure = await startSecureServer();
  gateway = await startGateway({ home: home.path, name: 'tls', config: config() });
});
afterAll(async () => {
  await gateway[Symbol.asyncDispose]();
  await secure[Symbol.asyncDispose]();
  await server[Symbol.asyncDispose]();
  await home[Symbol.asyncDispose]();
});

function config(): object {
  const auth = { apiKeys: [{ id: 'k', hash: `sha256:${createHash('sha256').update(key).digest('hex')}`, roles: [] }] };
  const withCertificates = (clientCertificates: string) => ({
    name: clientCertificates,
    port: 0,
    publicUrl: 'https://127.0.0.1:7380',
    tls: {
      ...tlsOf('local'),
      clientCertificates,
      ...(clientCertificates === 'none' ? {} : { clientCa: `\${file:${file('clients.crt')}}` }),
    },
    auth,
    routes: [{ path: `/${clientCertificates}`, upstream: 'plain' }],
  });
  return {
    version: 1,
    listeners: [
      {
        name: 'names',
        port: 0,
        allowedHosts: ['one.example', 'two.example', 'a.wild.example'],
        tls: {
          ...tlsOf('local'),
          names: [
            { serverName: 'one.example', ...tlsOf('one') },
            { serverName: 'two.example', ...tlsOf('two') },
            { serverName: '*.wild.example', ...tlsOf('wild') },
          ],
        },
        routes: [
          { path: '/names', upstream: 'plain' },
          { path: '/secure', upstream: 'secure' },
          { path: '/unknown', upstream: 'unknown' },
          { path: '/uncertified', upstream: 'uncertified' },
        ],
      },
      ...['none', 'optional', 'required'].map(withCertificates),
    ],
    upstreams: {
      plain: { health: { kind: 'none' }, instances: [{ id: 'a', url: server.url }] },
      secure: {
        health: { kind: 'none' },
        instances: [{ id: 'a', url: secure.url }],
        tls: { ca: `\${file:${file('servers.crt')}}`, ...tlsOf('gateway-client') },
      },
      unknown: { health: { kind: 'none' }, instances: [{ id: 'a', url: secure.url }], tls: tlsOf('gateway-client') },
      uncertified: { health: { kind: 'none' }, instances: [{ id: 'a', url: secure.url }], tls: { ca: `\${file:${file('servers.crt')}}` } },
    },
    limits: [],
    policies: [
      { id: 'not-that', effect: 'deny', match: { tools: ['deny_tool'] }, message: 'Not this one.' },
      { id: 'all', effect: 'allow', when: 'principal.sub != "mallory"' },
    ],
    defaults: { effect: 'deny' },
    admin: { port: 0 },
    shutdown: { readyDelay: '0ms', finish: '2s' },
  };
}

/** Speaks to those alone who show a certificate of the client authority, and notes whose it was. */
interface SecureServer extends AsyncDisposable {
  readonly url: string;
  readonly clients: string[];
}
async function startSecureServer(): Promise<SecureServer> {
  const own = serverAuthority.issue({ commonName: 'secure server', addresses: ['127.0.0.1'] });
  const clients: string[] = [];
  const listening = createServer({ ...own, ca: clientAuthority.cert, requestCert: true, rejectUnauthorized: true }, (request, response) => {
    clients.push(String((request.socket as TLSSocket).getPeerCertificate().subject.CN));
    const chunks: Buffer[] = [];
    request.on('data', (chunk: Buffer) => chunks.push(chunk));
    request.on('end', () => {
      void answersTo(JSON.parse(Buffer.concat(chunks).toString()) as Message).then(([answer]) => {
        response.writeHead(200, { 'Content-Type': 'application/json' }).end(JSON.stringify(answer));
      });
    });
  });
  await new Promise<void>(resolve => listening.listen(0, '127.0.0.1', resolve));
  return {
    url: `https://127.0.0.1:${(listening.address() as AddressInfo).port}/mcp`,
    clients,
    async [Symbol.asyncDispose]() {
      listening.closeAllConnections();
      await new Promise(resolve => listening.close(resolve));
    },
  };
}

const modern = {
  'io.modelcontextprotocol/protocolVersion': '2026-07-28',
  'io.modelcontextprotocol/clientCapabilities': {},
  'io.modelcontextprotocol/clientInfo': { name: 'tls', version: '1' },
};
const call = (name: string, args: object = {}) => ({
  jsonrpc: '2.0',
  id: 1,
  method: 'tools/call',
  params: { name, arguments: args, _meta: modern },
});
const fieldsFor = (name: string) => ({ 'MCP-Protocol-Version': '2026-07-28', 'Mcp-Method': 'tools/call', 'Mcp-Name': name });
const said = (body: Record<string, unknown>) => JSON.stringify(body);
type Wish = Omit<Parameters<typeof tlsPost>[2], 'headers'> & { readonly headers?: Record<string, string> };
const ask = (path: string, tool: string, { headers = {}, ...wish }: Wish = {}) =>
  tlsPost(gateway.url(path), call(tool), { ca: authority.cert, headers: { ...fieldsFor(tool), ...headers }, ...wish });
const reload = async () => {
  const response = await fetch(`${gateway.adminUrl}/api/config/reload`, {
    method: 'POST',
    headers: { 'Content-Type': 'application/json' },
  });
  return { status: response.status, text: await response.text() };
};

describe('a listener', () => {
  test.for(['TLSv1.2', 'TLSv1.3'] as const)('speaks %s', async version => {
    expect(gateway.url('/names')).toMatch(/^https:/);
    const heard = await ask('/names', 'any', { minVersion: version, maxVersion: version });
    expect(heard).toMatchObject({ status: 200, protocol: version, shown: 'first' });
    expect(said(heard.body)).toContain('said any');
  });

  test('speaks nothing older, and no plain HTTP', async () => {
    const old = ask('/names', 'any', { minVersion: 'TLSv1.1', maxVersion: 'TLSv1.1', ciphers: 'ALL:@SECLEVEL=0' });
    await expect(old).rejects.toThrow(/alert protocol version/);
    const port = Number(new URL(gateway.url('/names')).port);
    const heard = await new Promise<string>(resolve => {
      let text = '';
      const socket = connectPlain(port, '127.0.0.1', () => socket.write('GET /names HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n'));
      socket
        .on('data', chunk => (text += chunk.toString('latin1')))
        .on('close', () => resolve(text))
        .on('error', () => undefined);
    });
    expect(heard).not.toContain('HTTP/1.1 200');
    expect((await ask('/names', 'any')).status).toBe(200);
  });

  test.for([
    ['one.example', 'one.example'],
    ['TWO.example', 'two.example'],
    ['a.wild.example', 'wild'],
    ['unknown.example', 'first'],
    ['a.b.wild.example', 'first'],
  ])('shows whom asks for %s the certificate of %s', async ([servername, shown]) => {
    // What it shows is looked at, not whether it fits: the default fits no unknown name.
    const heard = await tlsPost(gateway.url('/names'), call('any'), {
      servername,
      ca: authority.cert,
      headers: fieldsFor('any'),
      checkServerIdentity: () => undefined,
    });
    expect([heard.status, heard.shown]).toEqual([200, shown]);
  });

  test('takes renewed certificates over while connections and calls go on', async () => {
    const agent = new Agent({ keepAlive: true, maxSockets: 1 });
    expect((await ask('/names', 'before', { agent })).shown).toBe('first');
    const long = tlsPost(gateway.url('/names'), call('long', { waitMs: 800 }), { ca: authority.cert, headers: fieldsFor('long'), agent });
    await until('it is under way', () => server.called().includes('long'));
    keep('local', authority.issue({ commonName: 'second', addresses: ['127.0.0.1'] }));
    keep('one', authority.issue({ commonName: 'one again', names: ['one.example'] }));
    expect((await reload()).status).toBe(200);
    expect((await ask('/names', 'after')).shown).toBe('second');
    expect((await ask('/names', 'after', { servername: 'one.example' })).shown).toBe('one again');
    // The old connection is the old connection.
    expect(await long).toMatchObject({ status: 200, shown: 'first' });
    expect((await ask('/names', 'still', { agent })).shown).toBe('first');
    agent.destroy();
  });

  test.for<[string, () => void, RegExp]>([
    ['no certificate', () => writeFileSync(file('local.crt'), 'no certificate'), /listeners\[0\]\.tls\.cert/],
    [
      'the certificate of another key',
      () => writeFileSync(file('local.crt'), authority.issue({ commonName: 'third', addresses: ['127.0.0.1'] }).cert),
      /mismatch/,
    ],
    [
      'no certificate for a name',
      () => writeFileSync(file('two.crt'), '-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n'),
      /names\[1\]\.cert/,
    ],
  ])('refuses %s as a whole, and goes on with what it has', async ([what, spoil, told]) => {
    const names = ['local.crt', 'two.crt'].map(name => [file(name), readFileSync(file(name), 'utf8')] as const);
    const before = readFileSync(gateway.configPath, 'utf8');
    const { shown } = await ask('/names', 'any');
    try {
      spoil();
      writeFileSync(gateway.configPath, before.replace('Not this one.', `Never in force: ${what}.`));
      const { problems } = await until('it is refused', async () => {
        const { configProblems } = await gateway.connection.call('gateway.status', {});
        return configProblems.length > 0 && { problems: configProblems };
      });
      expect(problems.join('\n')).toMatch(told);
      expect((await ask('/names', 'any')).shown).toBe(shown);
      expect((await ask('/names', 'any', { servername: 'two.example' })).shown).toBe('two.example');
      expect(said((await ask('/names', 'deny_tool')).body)).toContain('Not this one.');
    } finally {
      for (const [path, text] of names) writeFileSync(path, text);
      writeFileSync(gateway.configPath, before);
      await until(
        'it is mended',
        async () => (await gateway.connection.call('gateway.status', {})).configProblems.length === 0 || (await reload()).status === 200,
      );
    }
  });
});

test('a listener that keeps its port keeps its kind: the change is refused in words', async () => {
  const port = await freePort();
  const plain = {
    version: 1,
    listeners: [{ name: 'main', port, routes: [{ path: '/plain', upstream: 'plain' }] }],
    upstreams: { plain: { health: { kind: 'none' }, instances: [{ id: 'a', url: server.url }] } },
    limits: [],
    admin: { port: 0 },
    shutdown: { readyDelay: '0ms' },
  };
  await using own = await startGateway({ home: home.path, name: 'kind', config: plain });
  const secured = { ...plain, listeners: [{ ...plain.listeners[0], tls: tlsOf('local') }] };
  writeFileSync(own.configPath, JSON.stringify(secured));
  const { problems } = await until('it is refused', async () => {
    const { configProblems } = await own.connection.call('gateway.status', {});
    return configProblems.length > 0 && { problems: configProblems };
  });
  expect(problems[0]).toContain('Whether the listener main speaks TLS');
  expect((await post(own.url('/plain'), call('any'), fieldsFor('any'))).status).toBe(200);
  writeFileSync(own.configPath, JSON.stringify({ ...secured, listeners: [{ ...secured.listeners[0], port: await freePort() }] }));
  const url = await until('it speaks TLS elsewhere', async () => {
    const { listeners } = await own.connection.call('gateway.status', {});
    return listeners[0]?.url.startsWith('https:') === true && `${listeners[0].url}/plain`;
  });
  expect((await tlsPost(url, call('any'), { ca: authority.cert, headers: fieldsFor('any') })).status).toBe(200);
});

describe('client certificates', () => {
  const ada = clientAuthority.issue({ commonName: 'ada' });
  const mallory = clientAuthority.issue({ commonName: 'mallory' });
  const nobody = stranger.issue({ commonName: 'ada' });
  const outcome = ({ status, body }: { status: number; body: Record<string, unknown> }) => [
    status,
    (body['error'] as { code?: number } | undefined)?.code ?? 'ok',
  ];

  test('none: nobody is asked for one, and one that is offered is nobody', async () => {
    expect(outcome(await ask('/none', 'any'))).toEqual([401, 40100]);
    expect(outcome(await ask('/none', 'any', ada))).toEqual([401, 40100]);
    expect(outcome(await ask('/none', 'any', { headers: { 'X-API-Key': key } }))).toEqual([200, 'ok']);
  });

  test('optional: whoever shows one is its subject, whoever does not needs a key', async () => {
    expect(outcome(await ask('/optional', 'with-certificate', ada))).toEqual([200, 'ok']);
    expect(outcome(await ask('/optional', 'with-key', { headers: { 'X-API-Key': key } }))).toEqual([200, 'ok']);
    expect(outcome(await ask('/optional', 'any'))).toEqual([401, 40100]);
    // Policies decide by the subject.
    expect(outcome(await ask('/optional', 'any', mallory))).toEqual([200, 40300]);
    // One of an authority that nobody named is none.
    expect(outcome(await ask('/optional', 'any', nobody))).toEqual([401, 40100]);
    const rows = await until('both are in the audit', () => {
      const found = gateway.audit().filter(row => ['with-certificate', 'with-key'].includes(String(row['target'])));
      return found.length === 2 && found;
    });
    const [byCertificate, byKey] = rows.map(row => String(row['principal_id']));
    expect(byKey).toBe('key:k');
    expect(byCertificate).not.toMatch(/anonymous|key/);
    expect(byCertificate).toMatch(/./);
  });

  test('required: without one there is no connection', async () => {
    expect(outcome(await ask('/required', 'any', ada))).toEqual([200, 'ok']);
    await expect(ask('/required', 'any')).rejects.toThrow();
    await expect(ask('/required', 'any', nobody)).rejects.toThrow();
    // A key does not make up for it.
    await expect(ask('/required', 'any', { headers: { 'X-API-Key': key } })).rejects.toThrow();
  });
});

describe('an upstream', () => {
  const data = (body: Record<string, unknown>) => (body['error'] as { code: number; message: string; data: object } | undefined) ?? body;

  test('whose authority is named and who is shown a certificate answers', async () => {
    const heard = await ask('/secure', 'any');
    expect(said(heard.body)).toContain('said any');
    expect(new Set(secure.clients)).toEqual(new Set(['the gateway']));
  });

  test('whom nobody vouches for is not spoken to, and the reason is told', async () => {
    const before = secure.clients.length;
    const heard = await ask('/unknown', 'any');
    expect(heard.status).toBe(502);
    expect(data(heard.body)).toMatchObject({ code: 50200, data: { upstream: 'unknown', may_have_executed: false } });
    expect(said(heard.body)).toMatch(/certificate that nothing here trusts \(UNABLE_TO_VERIFY_LEAF_SIGNATURE\).*`tls\.ca`/);
    expect(secure.clients.length).toBe(before);
  });

  test('that wants a certificate and is shown none does not answer', async () => {
    const heard = await ask('/uncertified', 'any');
    expect(heard.status).toBe(502);
    expect(data(heard.body)).toMatchObject({ code: 50200, data: { upstream: 'uncertified' } });
  });

  test('gets the renewed certificate of the gateway after a reload', async () => {
    keep('gateway-client', clientAuthority.issue({ commonName: 'the gateway, renewed' }));
    expect((await reload()).status).toBe(200);
    expect(said((await ask('/secure', 'any')).body)).toContain('said any');
    expect(secure.clients.at(-1)).toBe('the gateway, renewed');
  });

  test('gets a renewed certificate within seconds also when nobody asks for a reload', { timeout: 30_000 }, async () => {
    keep('gateway-client', clientAuthority.issue({ commonName: 'the gateway, renewed by night' }));
    await until('it is shown', async () => {
      await ask('/secure', 'any');
      return secure.clients.at(-1) === 'the gateway, renewed by night';
    });
    await expect
      .poll(
        () =>
          gateway
            .audit()
            .filter(row => row['kind'] === 'config')
            .at(-1)?.['reason'],
      )
      .toBe('a certificate was renewed');
  });

  test('cannot be given an authority that is none: the whole change is refused', async () => {
    const good = readFileSync(file('servers.crt'), 'utf8');
    const before = readFileSync(gateway.configPath, 'utf8');
    try {
      writeFileSync(file('servers.crt'), '-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n');
      writeFileSync(gateway.configPath, before.replace('Not this one.', 'Never in force.'));
      await until('it is refused', async () => (await gateway.connection.call('gateway.status', {})).configProblems.length > 0);
      expect(said((await ask('/names', 'deny_tool')).body)).toContain('Not this one.');
      expect(said((await ask('/secure', 'any')).body)).toContain('said any');
    } finally {
      writeFileSync(file('servers.crt'), good);
      writeFileSync(gateway.configPath, before);
      await until(
        'it is mended',
        async () => (await gateway.connection.call('gateway.status', {})).configProblems.length === 0 || (await reload()).status === 200,
      );
    }
  });
});
