import { createServer, type RequestListener } from 'node:http';
import { createServer as createRawServer, type AddressInfo } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { afterEach, describe, expect, test } from 'vitest';
import { addressKind, isLoopbackHost } from './address-ranges.ts';
import { outboundFetch, type OutboundFetchOptions } from './outbound-fetch.ts';

const closing: (() => void)[] = [];
afterEach(() => {
  for (const close of closing.splice(0)) close();
});

async function serve(answer: RequestListener): Promise<string> {
  const server = createServer(answer);
  await new Promise<void>(resolve => {
    server.listen(0, '127.0.0.1', resolve);
  });
  closing.push(() => {
    server.closeAllConnections();
    server.close();
  });
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}

/** A resolver of one name, as `dns.lookup` with `all`. */
const resolvesTo = (...addresses: string[]) =>
  ((_host: string, _options: unknown, done: (error: null, found: unknown) => void) =>
    done(
      null,
      addresses.map(address => ({ address, family: address.includes(':') ? 6 : 4 })),
    )) as unknown as NonNullable<OutboundFetchOptions['lookup']>;

test('sends a form and gives back status, fields and body', async () => {
  const url = await serve((request, response) => {
    let body = '';
    request.on('data', chunk => (body += String(chunk)));
    request.on('end', () => response.writeHead(201, { 'x-seen': String(request.headers['content-type']) }).end(body));
  });
  const response = await outboundFetch({ reach: 'anywhere' })(url, {
    method: 'POST',
    headers: { 'content-type': 'application/x-www-form-urlencoded' },
    body: new URLSearchParams({ a: 'b c' }),
  });
  expect([response.status, response.headers.get('x-seen'), await response.text()]).toEqual([
    201,
    'application/x-www-form-urlencoded',
    'a=b+c',
  ]);
});

test('a redirect is an answer, not a way to go', async () => {
  let count = 0;
  const url = await serve((_request, response) => {
    count += 1;
    response.writeHead(302, { location: '/elsewhere' }).end();
  });
  expect((await outboundFetch({ reach: 'anywhere' })(url)).status).toBe(302);
  expect(count).toBe(1);
});

test('an answer that is too long, too slow or cut off is a failure', async () => {
  const long = await serve((_request, response) => response.end('x'.repeat(2000)));
  const slow = await serve((_request, response) => response.writeHead(200).flushHeaders());
  const cut = await serve((_request, response) => {
    response.writeHead(200, { 'content-length': '10' }).write('abc', () => response.destroy());
  });
  const fetch = outboundFetch({ reach: 'anywhere', maxBytes: 1000, timeoutMs: 200 });
  await expect(fetch(long)).rejects.toThrow('more than 1000 bytes');
  await expect(fetch(slow)).rejects.toThrow('within 200 ms');
  await expect(fetch(cut)).rejects.toThrow('broke off');
});

test('what is called off before it began asks nobody, and is a rejection like any other', async () => {
  let count = 0;
  const url = await serve((_request, response) => {
    count += 1;
    response.end('here');
  });
  const failures: unknown[] = [];
  const fail = (error: unknown) => failures.push(error);
  process.on('uncaughtException', fail);
  await expect(outboundFetch({ reach: 'anywhere' })(url, { signal: AbortSignal.abort() })).rejects.toThrow('called off');
  // A request that is destroyed tells its failure a turn later.
  await new Promise(resolve => setTimeout(resolve, 50));
  process.off('uncaughtException', fail);
  expect([count, failures]).toEqual([0, []]);
});

describe('what a server may make us ask', () => {
  test('nothing inside a private network, whether named by address or by a name that resolves there', async () => {
    const literal = outboundFetch({ reach: 'public' });
    for (const host of [
      '10.0.0.1',
      '127.0.0.1',
      '169.254.169.254',
      '192.168.1.1',
      '0.0.0.0',
      '[::1]',
      '[fd00::1]',
      '[::ffff:10.0.0.1]',
      '2130706433',
    ])
      await expect(literal(`https://${host}/`)).rejects.toThrow('private network');
    const named = outboundFetch({ reach: 'public', lookup: resolvesTo('93.184.215.14', '10.0.0.7') });
    await expect(named('https://idp.example/')).rejects.toThrow('private network');
  });

  test('nothing over plain http, except on this machine where the server itself is on it', async () => {
    const url = await serve((_request, response) => response.end('here'));
    await expect(outboundFetch({ reach: 'public' })('http://idp.example/')).rejects.toThrow('plain http');
    await expect(outboundFetch({ reach: 'public-or-loopback' })('http://idp.example/')).rejects.toThrow('plain http');
    await expect(outboundFetch({ reach: 'public-or-loopback' })('https://10.0.0.1/')).rejects.toThrow('private network');
    const local = outboundFetch({ reach: 'public-or-loopback', lookup: resolvesTo('127.0.0.1') });
    expect(await (await local(url.replace('127.0.0.1', 'localhost'))).text()).toBe('here');
  });

  test('no address with credentials in it, and no other scheme', async () => {
    const fetch = outboundFetch({ reach: 'anywhere' });
    await expect(fetch('http://user:word@idp.example/')).rejects.toThrow('credentials');
    await expect(fetch('file:///etc/passwd')).rejects.toThrow('no address to ask');
  });
});

test('addresses are told apart, IPv4 inside IPv6 included', () => {
  const kinds = Object.fromEntries(
    [
      '8.8.8.8',
      '2606:4700::1111',
      '127.9.9.9',
      '::1',
      '::ffff:127.0.0.1',
      '::ffff:192.168.0.1',
      '::ffff:8.8.8.8',
      '64:ff9b::a00:1',
      '100.64.0.1',
      '::',
      'name',
    ].map(address => [address, addressKind(address)]),
  );
  expect(kinds).toEqual({
    '8.8.8.8': 'public',
    '2606:4700::1111': 'public',
    '127.9.9.9': 'loopback',
    '::1': 'loopback',
    '::ffff:127.0.0.1': 'loopback',
    '::ffff:192.168.0.1': 'private',
    '::ffff:8.8.8.8': 'public',
    '64:ff9b::a00:1': 'private',
    '100.64.0.1': 'private',
    '::': 'private',
    name: 'private',
  });
});

test('only this machine is reached by loopback addresses, however they are written, and by its own name', () => {
  const hosts = ['localhost', 'LOCALHOST', '127.0.0.1', '127.8.8.8', '::1', '[::1]', '::ffff:127.0.0.1', '[::ffff:7f00:1]'];
  expect(hosts.filter(host => !isLoopbackHost(host))).toEqual([]);
  const others = ['', '0.0.0.0', '::', '10.0.0.1', '127.0.0.1.example', 'localhost.example', '[::ffff:10.0.0.1]'];
  expect(others.filter(host => isLoopbackHost(host))).toEqual([]);
});

test('a document that comes a byte at a time is kept by its bytes', async () => {
  const collect = garbageCollector();
  const held = Promise.withResolvers<void>();
  const sent = Promise.withResolvers<void>();
  const server = createRawServer(socket => {
    socket.on('error', () => undefined);
    socket.once('data', () => {
      socket.write('HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n');
      socket.write('1\r\nx\r\n'.repeat(400 * 1024), () => sent.resolve());
      void held.promise.then(() => socket.end('0\r\n\r\n'));
    });
  });
  await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  const before = collect();
  const fetched = outboundFetch({ reach: 'anywhere' })(`http://127.0.0.1:${port}/`);
  await sent.promise;
  await sleep(200);
  // A part for each byte was some twenty.
  expect(collect() - before).toBeLessThan(10 * 1024 * 1024);
  held.resolve();
  expect((await (await fetched).text()).length).toBe(400 * 1024);
  server.close();
});

/** Collects what nobody needs any more, and says how many bytes are left. */
function garbageCollector(): () => number {
  setFlagsFromString('--expose_gc');
  const gc = runInNewContext('gc') as () => void;
  return () => {
    gc();
    const { heapUsed, external } = process.memoryUsage();
    return heapUsed + external;
  };
}
