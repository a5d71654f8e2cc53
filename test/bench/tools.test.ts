import { expect, test } from 'vitest';
import { answerBody, answerTo, idPlace, idWriter, modernCall, requestBytes, sessionCall, takeIds } from '../../bench/load/message.ts';
import { luaScript, readWrk } from '../../bench/load/wrk.ts';
import { readOptions } from '../../bench/options.ts';

const wrkOutput = `Running 1s test @ http://127.0.0.1:1/mcp
  1 threads and 64 connections
  Thread Stats   Avg      Stdev     Max   +/- Stdev
    Latency     2.62ms    1.10ms  13.33ms   78.21%
    Req/Sec    24.49k     3.01k   28.35k    80.00%
  24391 requests in 1.00s, 29.17MB read
`;

test('wrk’s rate and count are read', () => {
  expect(readWrk(`${wrkOutput}Requests/sec:  24360.57\nTransfer/sec:     29.13MB\n`, 'u')).toEqual({ perSecond: 24_360.57, count: 24_391 });
});

test('a run in which a hop refused or dropped requests is no result', () => {
  const rate = 'Requests/sec:  24360.57\n';
  expect(() => readWrk(`${wrkOutput}  Non-2xx or 3xx responses: 12\n${rate}`, 'u')).toThrow('12');
  expect(() => readWrk(`${wrkOutput}  Socket errors: connect 0, read 3, write 0, timeout 0\n${rate}`, 'u')).toThrow('read 3');
  expect(() => readWrk('unable to connect', 'u')).toThrow('reached nothing');
});

test('the exchange is valid JSON-RPC, and its answer 1 KB', () => {
  const [head = '', body = ''] = requestBytes(new URL('http://127.0.0.1:99/mcp')).toString().split('\r\n\r\n');
  expect(JSON.parse(body)).toMatchObject({ id: 1, method: 'tools/call' });
  expect(head).toContain(`Content-Length: ${Buffer.byteLength(body)}`);
  expect(JSON.parse(answerBody)).toMatchObject({ id: 1 });
  expect(Buffer.byteLength(answerBody)).toBe(1_024);
  // It stands in an nginx configuration between single quotes, where a dollar starts a variable.
  expect(answerBody).not.toMatch(/['$]/);
});

test('a numbered request is the same length with every number, and its body says the number that its field says', () => {
  const bytes = requestBytes(new URL('http://127.0.0.1:99/mcp'), modernCall({ 'X-API-Key': 'k' }));
  const number = idWriter(bytes);
  for (const id of [1_000_000, 9_999_999]) {
    number(id);
    const [head = '', body = ''] = bytes.toString().split('\r\n\r\n');
    expect(JSON.parse(body)).toMatchObject({ id, params: { _meta: { 'io.modelcontextprotocol/protocolVersion': '2026-07-28' } } });
    expect(head).toContain(`X-Bench-Id: ${id}`);
    expect(head).toContain(`Content-Length: ${Buffer.byteLength(body)}`);
  }
  expect(JSON.parse(answerTo('1000000'))).toMatchObject({ id: 1_000_000 });
});

test('no two runs get the same numbers', () => {
  const first = takeIds(200_000);
  expect(takeIds(1)).toBe(first + 200_000);
  expect(String(takeIds(1))).toHaveLength(idPlace.length);
});

test('wrk gets a fixed request once, and a numbered one as pieces with the number between them', () => {
  const url = new URL('http://127.0.0.1:99/mcp');
  const fixed = luaScript(url, { fields: { Accept: 'a "b"' }, body: '{}' });
  expect(fixed).toContain('wrk.headers["Accept"] = "a \\"b\\""');
  const numbered = luaScript(url, sessionCall('s', {}));
  expect(numbered).toMatch(/^request = function\(\) id = id \+ 1; return "POST \/mcp HTTP\/1\.1\\r\\n.* \.\. id \.\. /m);
  expect(numbered).not.toContain(idPlace);
});

test('the command line chooses parts and rounds, and refuses what it does not know', () => {
  expect(readOptions(['--only', 'wrap,proxy', '--rounds=7'])).toMatchObject({ parts: ['proxy', 'wrap'], rounds: 7, isQuick: false });
  expect(readOptions(['--quick'])).toMatchObject({
    rounds: 1,
    isQuick: true,
    parts: ['proxy', 'gateway', 'bridge', 'sse', 'wrap', 'start'],
  });
  expect(readOptions(['--help'])).toBe('help');
  for (const bad of [['--only', 'disk'], ['--rounds', '0'], ['--rounds', 'x'], ['--fast'], ['--only']])
    expect(readOptions(bad)).toHaveProperty('problem');
});
