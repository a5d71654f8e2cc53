import { expect, test } from 'vitest';
import { identityOf } from './http-identity.ts';

test('a client may call itself what it likes; of what is long no more is kept than tells it from others', () => {
  const of = (userAgent: string) => identityOf({ body: undefined, userAgent });
  const [one, other] = [of(`${'x'.repeat(60_000)}1`), of(`${'x'.repeat(60_000)}2`)];
  expect(one.key).not.toBe(other.key);
  expect(one.userAgent).not.toBe(other.userAgent);
  expect([one.key.length, one.userAgent.length, one.displayName.length].every(length => length <= 300)).toBe(true);
  expect(of('claude-code/1.0 (linux)')).toEqual({
    key: 'agent claude-code/1.0 (linux)',
    isNamed: false,
    userAgent: 'claude-code/1.0 (linux)',
    displayName: 'claude-code',
  });
});
