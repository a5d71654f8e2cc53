import { expect, test } from 'vitest';
import { bearerChallenge } from './parse-challenge.ts';

const read = (field: string | null) => {
  const found = bearerChallenge(field);
  return found === undefined ? undefined : Object.fromEntries(found);
};

test('the parameters of a Bearer challenge are read, quoted or not, and in any case', () => {
  expect(read('Bearer resource_metadata="https://x.example/a,b", scope="one two", error=invalid_token')).toEqual({
    resource_metadata: 'https://x.example/a,b',
    scope: 'one two',
    error: 'invalid_token',
  });
  expect(read('BEARER Realm = "say \\"hi\\""')).toEqual({ realm: 'say "hi"' });
  expect(read('Bearer')).toEqual({});
});

test('other challenges in the same field are left alone', () => {
  expect(read('Basic realm="x", Bearer scope="a", Digest realm="y", scope="z"')).toEqual({ scope: 'a' });
  expect(read('Basic realm="Bearer scope=a"')).toBeUndefined();
  expect(read(null)).toBeUndefined();
  expect(read('')).toBeUndefined();
});

test('of a parameter that is there twice the first counts, and a field that is far too long is not read', () => {
  expect(read('Bearer scope="a", scope="b"')).toEqual({ scope: 'a' });
  expect(read(`Bearer scope="${'a'.repeat(9000)}"`)).toBeUndefined();
});

test('a field of many quotes is read in no time', () => {
  const startedAt = performance.now();
  read(`Bearer a="${'\\"'.repeat(3900)}`);
  read(`Bearer ${'a='.repeat(4000)}`);
  read(`Bearer ${'a '.repeat(4000)}`);
  expect(performance.now() - startedAt).toBeLessThan(500);
});
