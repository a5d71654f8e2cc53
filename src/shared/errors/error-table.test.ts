/** What the reader of a failure is told to do: a model acts on the words, so they follow what may have happened. */
import { expect, test } from 'vitest';
import { rpcErrorBody, type ErrorCode } from './error-table.ts';

const told = (code: ErrorCode, mayHaveExecuted?: boolean) => {
  const facts = mayHaveExecuted === undefined ? {} : { may_have_executed: mayHaveExecuted };
  return (JSON.parse(rpcErrorBody(code, 'x.', '1', facts)) as { error: { message: string } }).error.message;
};

test.each(['UPSTREAM_DOWN', 'UPSTREAM_TIMEOUT', 'UPSTREAM_BROKE', 'UNAVAILABLE', 'SHUTTING_DOWN'] as const)(
  '%s: nobody is told to repeat a call that may have been carried out, and everybody to repeat one that was not',
  code => {
    expect(told(code, true)).toBe('x. The call may have had effects; look before you repeat it.');
    expect(told(code, false)).toMatch(/try again/);
  },
);

test('what can be repeated or not for other reasons says so in its own words', () => {
  expect(told('DENIED', false)).toContain('Do not repeat the call');
  expect(told('UPSTREAM_AUTH', false)).toContain('its operator must sign in');
  expect(told('UPSTREAM_TIMEOUT')).toContain('try again later');
});

test('nobody is told to wait for what only a person ends', () => {
  const toldOf = (state: string) => rpcErrorBody('UNAVAILABLE', 'x.', '1', { state, may_have_executed: false });
  for (const state of ['disabled', 'drained', 'isolated']) expect(toldOf(state)).toContain('x. Ask the operator of the gateway;');
  for (const state of ['open', 'unhealthy']) expect(toldOf(state)).toContain('x. Wait as long as is said');
});
