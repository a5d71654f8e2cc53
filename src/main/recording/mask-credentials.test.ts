import { expect, test } from 'vitest';
import { maskCommandLine, maskHead, maskParameters, maskUrl } from './mask-credentials.ts';

test('credential headers keep scheme, length and cookie names; the rest stays as it came', () => {
  const masked = maskHead({
    status: 200,
    headers: [
      ['AUTHORIZATION', 'Bearer abcdefgh'],
      ['Proxy-Authorization', 'tokenwithoutscheme'],
      ['Cookie', 'sid=abc; theme=dark'],
      ['Set-Cookie', 'sid=abc; Path=/; HttpOnly'],
      ['X-Api-Key', 'k'],
      ['X-Acme-Access-Token', 'abc'],
      ['Mcp-Session-Id', '0123456789'],
      ['Location', 'https://u:p@host/cb?code=1&state=2#access_token=3'],
      ['Accept', 'a'],
      ['Accept', 'b'],
    ],
  });
  expect(masked.headers).toEqual([
    ['AUTHORIZATION', 'Bearer •••• (8 chars)'],
    ['Proxy-Authorization', '•••• (18 chars)'],
    ['Cookie', 'sid=••••; theme=••••'],
    ['Set-Cookie', 'sid=••••; Path=/; HttpOnly'],
    ['X-Api-Key', '•••• (1 chars)'],
    ['X-Acme-Access-Token', '•••• (3 chars)'],
    ['Mcp-Session-Id', '0123••••'],
    ['Location', 'https://••••@host/cb?code=••••&state=••••#access_token=••••'],
    ['Accept', 'a'],
    ['Accept', 'b'],
  ]);
  expect(maskHead(masked)).toEqual(masked);
});

test('a head without secrets is passed on as the same object', () => {
  const head = { method: 'GET', path: '/mcp?page=2', headers: [['Accept', '*/*']] as [string, string][] };
  expect(maskHead(head)).toBe(head);
});

test('secrets in URLs and forms are masked by name, whatever the letter case or escaping', () => {
  expect(maskUrl('/message?sessionId=abcdefghijkl&x=1')).toBe('/message?sessionId=abcd••••&x=1');
  expect(maskUrl('https://api.test/v1?Client%5FSecret=x&api_key=y&q=token')).toBe(
    'https://api.test/v1?Client%5FSecret=••••&api_key=••••&q=token',
  );
  expect(maskUrl('/a/b')).toBe('/a/b');
  expect(maskParameters('password=a%26b&%E0%A4%A=1&empty=&token=')).toBe('password=••••&%E0%A4%A=1&empty=&token=');
});

test('command lines lose tokens, keys and credentials in URLs', () => {
  expect(maskCommandLine('node s.js --token=abc --password "a b" --port 80 -v')).toBe(
    'node s.js --token=•••• --password •••• --port 80 -v',
  );
  expect(maskCommandLine("env GITHUB_TOKEN=ghx API_KEY='q w' DEBUG=1 run")).toBe('env GITHUB_TOKEN=•••• API_KEY=•••• DEBUG=1 run');
  expect(maskCommandLine('psql postgres://me:pw@db/x')).toBe('psql postgres://••••@db/x');
  expect(maskCommandLine('curl -H "Authorization: Bearer abc.def" u')).toBe('curl -H "Authorization: Bearer ••••" u');
});
