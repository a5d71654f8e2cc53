import { expect, test } from 'vitest';
import { fc } from '../../../test/kit/properties.ts';
import { maskText } from './mask-text.ts';

test('values under telling keys are masked: strings, numbers, lists, JSON inside JSON', () => {
  expect(maskText('{"password": "a\\"b", "pin": 5, "api_key":12345, "user":"x"}')).toEqual({
    text: '{"password": "••••", "pin": 5, "api_key":"••••", "user":"x"}',
    count: 2,
  });
  expect(maskText('{"tokens":["a"],"credentials":["a", "b"],"refreshToken":""}')).toEqual({
    text: '{"tokens":["a"],"credentials":["••••", "••••"],"refreshToken":""}',
    count: 2,
  });
  expect(maskText(JSON.stringify({ text: JSON.stringify({ client_secret: 'q', n: 1 }) }))).toEqual({
    text: JSON.stringify({ text: JSON.stringify({ client_secret: '••••', n: 1 }) }),
    count: 1,
  });
});

test('names that only look alike stay: progress tokens, page tokens, a schema that describes a password', () => {
  const text = '{"progressToken":1,"nextPageToken":"p","code":-32602,"properties":{"password":{"type":"string"}}}';
  expect(maskText(text)).toEqual({ text, count: 0 });
});

test('a secret that a slice cut in half is masked to the end', () => {
  expect(maskText('{"access_token":"eyJhbGci')).toEqual({ text: '{"access_token":"••••', count: 1 });
});

test('bearer and vendor tokens and JSON Web Tokens are masked in any text', () => {
  expect(maskText('Authorization: Bearer abcdef123456 and ghp_0123456789abcdef').text).toBe('Authorization: Bearer •••• and ••••');
  expect(maskText('x eyJhbGciOiJIUzI1.eyJzdWIiOiIx.sig y').text).toBe('x •••• y');
});

test('card numbers that pass the check are masked, other numbers stay', () => {
  expect(maskText('card 4111 1111 1111 1111, order 4111 1111 1111 1112')).toEqual({
    text: 'card ••••, order 4111 1111 1111 1112',
    count: 1,
  });
  expect(JSON.parse(maskText('{"n":4111111111111111}').text)).toEqual({ n: '••••' });
  expect(JSON.parse(maskText(' 4111111111111111\n').text)).toBe('••••');
  expect(maskText('1700000000000 4.111111111111111 id-4111111111111111').count).toBe(0);
});

test('JSON stays JSON, and masking twice changes nothing more', () => {
  const key = fc.constantFrom('password', 'token', 'a', 'api-key', 'requestState');
  const { json } = fc.letrec<{ json: unknown }>(tie => ({
    json: fc.oneof(
      { maxDepth: 4 },
      fc.string(),
      fc.double({ noNaN: true, noDefaultInfinity: true }),
      fc.constant(null),
      fc.array(tie('json'), { maxLength: 3 }),
      fc.dictionary(key, tie('json'), { maxKeys: 3 }),
    ),
  }));
  fc.assert(
    fc.property(json, fc.constantFrom(undefined, 2), (value, indent) => {
      const once = maskText(JSON.stringify(value, null, indent)).text;
      JSON.parse(once);
      const twice = maskText(once);
      expect(twice).toEqual({ text: once, count: 0 });
    }),
    { numRuns: 2_000 },
  );
});
