/** Malformed heads as they are kept: what is wrong with them stays, what may be a credential does not. */
import { expect, test } from 'vitest';
import { maskedHead, pathOfHead } from './masked-head.ts';

const masked = (text: string, isWhole = true) => maskedHead(Buffer.from(text, 'latin1'), isWhole).toString('utf8');

test('framing stays readable; values of other fields, folded lines and queries are masked, also of a second head', () => {
  const head = [
    'POST /mcp?access_token=s3cret HTTP/1.1',
    'Host: localhost',
    'Authorization: Bearer s3cret',
    'X-Tool-Pass : s3cret',
    'X-Long: a',
    '  s3cret',
    'Content-Length: 4',
    'Transfer-Encoding: chunked',
    '',
    '0',
    '',
    'GET /mcp HTTP/1.1',
    'Authorization Bearer s3cret',
    'Cookie: s3cret',
  ].join('\r\n');
  expect(masked(head).split('\r\n')).toEqual([
    'POST /mcp?••••',
    'Host: localhost',
    'Authorization: ••••',
    'X-Tool-Pass: ••••',
    'X-Long: ••••',
    ' ••••',
    'Content-Length: 4',
    'Transfer-Encoding: chunked',
    '',
    '0',
    '',
    'GET /mcp HTTP/1.1',
    'Authorization: ••••',
    'Cookie: ••••',
  ]);
});

test('bytes that begin somewhere within a head begin masked; bytes that are no text stay as they are', () => {
  expect(masked('ret\r\nHost: localhost\r\n', false)).toBe('••••\r\nHost: localhost\r\n');
  const hello = Buffer.from([0x16, 0x03, 0x01, 0xfc, 0xe9, 0x0a, 0x80]);
  expect(maskedHead(hello, true)).toEqual(hello);
});

test.each([
  ['GET / HTTP/1.1\rX-Api-Key: s3cret\r\n', 'GET / HTTP/1.1\rX-Api-Key: ••••\r\n'],
  ['Host: a\rX-Tool-Pass: s3cret\r\n', 'Host: a\rX-Tool-Pass: ••••\r\n'],
  ['Cook\rie: s3cret\r\n', 'Cook\rie: ••••\r\n'],
  ['GET  /mcp?token=s3cret HTTP/1.1\r\n', 'GET  /mcp?••••\r\n'],
  ['GET\t/mcp?token=s3cret HTTP/1.1\r\n', 'GET\t/mcp?••••\r\n'],
  ['M-SEARCH /mcp?token=s3cret HTTP/1.1\r\n', 'M-SEARCH /mcp?••••\r\n'],
  ['\0GET mcp?token=s3cret HTTP/1.1\r\n', '\0GET mcp?••••\r\n'],
  ['GET /mcp HTTP/1.1?token=s3cret\r\n', 'GET /mcp HTTP/1.1?••••\r\n'],
  ['GET http://me:s3cret@localhost/mcp HTTP/1.1\r\n', 'GET http://••••\r\n'],
  ['Origin: http://me:s3cret@localhost\r\n', 'Origin: http://••••\r\n'],
  ['"Cookie": s3cret\r\n', '"Cookie":••••\r\n'],
  ['Authori\0zation: s3cret\r\n', 'Authori\0zation:••••\r\n'],
])('what is malformed about %j shows no secret', (head, kept) => {
  expect(masked(head)).toBe(kept);
});

test('a body behind the head stays readable', () => {
  const body = '\r\n{"jsonrpc":"2.0","id":1,"method":"ping"}';
  expect(masked(body)).toBe(body);
});

test.each([
  ['POST /mcp?token=a HTTP/1.1\r\n', '/mcp'],
  ['GET http://me:s3cret@localhost/mcp?a HTTP/1.1\r\n', '/mcp'],
  ['BREW /pot HTCPCP/1.0\r\n', '/pot'],
  ['\x16\x03\x01', ''],
  ['', ''],
])('the path of %j', (head, path) => {
  expect(pathOfHead(Buffer.from(head))).toBe(path);
});
