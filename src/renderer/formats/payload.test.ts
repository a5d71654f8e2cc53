/** Bodies: JSON where it is JSON, exact bytes where it is not. */
import { expect, test } from 'vitest';
import { bytesOf, hexLine, rawLines, readPayload } from './payload.ts';

test('JSON is read, also with white space around it; other text is not', () => {
  expect(readPayload(' {"a":1}\r\n', 'utf8')).toEqual({ kind: 'json', value: { a: 1 } });
  expect(readPayload('npm warn deprecated', 'utf8')).toEqual({ kind: 'text' });
  expect(readPayload('{"a":', 'utf8')).toEqual({ kind: 'text' });
  expect(readPayload('e30=', 'base64')).toEqual({ kind: 'text' });
});

test('hex shows offset, bytes and what can be read', () => {
  const bytes = bytesOf('{"jsonrpc":"2.0"}\n', 'utf8');
  expect(hexLine(bytes, 0)).toEqual({
    offset: '00000000',
    hex: '7b 22 6a 73 6f 6e 72 70  63 22 3a 22 32 2e 30 22',
    text: '{"jsonrpc":"2.0"',
  });
  expect(hexLine(bytes, 16).text).toBe('}·');
});

test('base64 is bytes, not text', () => {
  expect([...bytesOf('AP8=', 'base64')]).toEqual([0, 255]);
});

test('long lines are cut, carriage returns are seen', () => {
  expect(rawLines('abcdef\r\nx', 4)).toEqual(['abcd', 'ef␍', 'x']);
});

test('raw lines show what hides or reorders text', () => {
  expect(rawLines('a\u202Eb\u200B\r\nc', 80)).toEqual(['a‹U+202E›b‹U+200B›␍', 'c']);
});
