/** Which values a header carries as they are. */
import { expect, test } from 'vitest';
import { decodeSentinel } from '../../traffic/header-check.ts';
import { headerValue, MirroredArguments } from './standard-headers.ts';

test.each(['plain', 'a b\tc', 'x'])('%j stays as it is', value => {
  expect(headerValue(value)).toBe(value);
});

test.each(['', ' padded', 'padded ', 'Zürich', '世界', 'a\nb', '=?base64?eA==?='])('%j is encoded, and comes back', value => {
  const encoded = headerValue(value);
  expect(encoded).toMatch(/^=\?base64\?[A-Za-z0-9+/=]*\?=$/);
  expect(decodeSentinel(encoded)).toBe(value);
});

test('arguments travel as headers only where the newest list says so', () => {
  const mirrored = new MirroredArguments();
  const schema = (header: unknown, type = 'string') => ({ inputSchema: { properties: { a: { type, 'x-mcp-header': header } } } });
  mirrored.learn({
    tools: [
      { name: 'ok', ...schema('A') },
      { name: 'bad', ...schema('no token') },
      { name: 'odd', ...schema('A', 'object') },
    ],
  });
  expect(['ok', 'bad', 'odd', 'unknown'].map(tool => mirrored.fields(tool, { a: 'v' }))).toEqual([['Mcp-Param-A', 'v'], [], [], []]);
  expect([mirrored.fields('ok', {}), mirrored.fields('ok', { a: null }), mirrored.fields('ok', { a: true })]).toEqual([
    [],
    [],
    ['Mcp-Param-A', 'true'],
  ]);
  mirrored.learn({ tools: [{ name: 'ok', inputSchema: {} }] });
  expect(mirrored.fields('ok', { a: 'v' })).toEqual([]);
});
