/** Header lists: lookups without case, and what goes on to the next hop. */
import { expect, test } from 'vitest';
import { fieldPairs, fieldValue, fieldValues, forwardedFields } from './http-fields.ts';

test('finds fields in any case, the first or all of them', () => {
  const fields = ['X-A', '1', 'x-a', '2', 'X-B', '3'];
  expect([fieldValue(fields, 'x-a'), fieldValues(fields, 'x-a'), fieldValue(fields, 'x-c'), fieldPairs(fields)]).toEqual([
    '1',
    ['1', '2'],
    undefined,
    [
      ['X-A', '1'],
      ['x-a', '2'],
      ['X-B', '3'],
    ],
  ]);
});

test('removes the fields of one connection, in any case, and those that any Connection field names', () => {
  const fields = [
    'Connection',
    'x-a, X-B',
    'CONNECTION',
    'X-C',
    'x-A',
    '1',
    'X-b',
    '2',
    'x-c',
    '3',
    'Keep-Alive',
    'a',
    'TE',
    'b',
    'Trailer',
    'c',
    'Transfer-Encoding',
    'chunked',
    'Upgrade',
    'd',
    'Proxy-Anything',
    'e',
    'X-D',
    '4',
  ];
  expect(forwardedFields(fields)).toEqual(['X-D', '4']);
});

test('Connection cannot name away what says what a body is and which call it holds', () => {
  const fields = [
    'Connection',
    'content-type, Mcp-Method, MCP-Protocol-Version, x-a',
    'Content-Type',
    'a/b',
    'Mcp-Method',
    'ping',
    'X-A',
    '1',
  ];
  expect(forwardedFields(fields)).toEqual(['Content-Type', 'a/b', 'Mcp-Method', 'ping']);
});

test('Connection cannot name away what says where a message ends and where it goes', () => {
  expect(forwardedFields(['Connection', 'content-length, host', 'Content-Length', '5', 'Host', 'h'])).toEqual([
    'Content-Length',
    '5',
    'Host',
    'h',
  ]);
});
