import { expect, test } from 'vitest';
import { answerBody, requestBytes } from '../../bench/load/message.ts';
import { readWrk } from '../../bench/load/wrk.ts';
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

test('the command line chooses parts and rounds, and refuses what it does not know', () => {
  expect(readOptions(['--only', 'wrap,proxy', '--rounds=7'])).toMatchObject({ parts: ['proxy', 'wrap'], rounds: 7, isQuick: false });
  expect(readOptions(['--quick'])).toMatchObject({ rounds: 1, isQuick: true, parts: ['proxy', 'sse', 'wrap', 'start'] });
  expect(readOptions(['--help'])).toBe('help');
  for (const bad of [['--only', 'disk'], ['--rounds', '0'], ['--rounds', 'x'], ['--fast'], ['--only']])
    expect(readOptions(bad)).toHaveProperty('problem');
});
