/** The sentence above a detail: there when something went wrong, in words, and only then. */
import { expect, test } from 'vitest';
import type { ExchangeSummary } from '../../shared/model/exchange.ts';
import { sameTargetSentence, whatHappened } from './what-happened.ts';

const exchange = (fields: Partial<ExchangeSummary>) =>
  ({ kind: 'request', direction: 'fromClient', flags: [], status: 'ok', ...fields }) as ExchangeSummary;

test('a call that went well says nothing', () => {
  expect(whatHappened(exchange({}))).toBeUndefined();
  expect(whatHappened(exchange({ status: 'pending' }))).toBeUndefined();
});

test('a tool that failed is told apart from a call that failed', () => {
  expect(whatHappened(exchange({ status: 'tool-error' }))?.sentence).toContain('the protocol call succeeded');
  expect(whatHappened(exchange({ status: 'error', errorCode: -32602, errorMessage: 'Unknown tool.' }))?.sentence).toBe(
    'The server answered with error −32602: “Unknown tool”.',
  );
});

test('who gave up, when and why', () => {
  expect(
    whatHappened(exchange({ status: 'cancelled', cancelledBy: 'client', durationMs: 60_000, cancelReason: 'timeout' }))?.sentence,
  ).toBe('The client gave up after 1:00 min (“timeout”); the server has not answered.');
});

test('a request of the server is answered by the client', () => {
  expect(whatHappened(exchange({ status: 'no-answer', direction: 'fromServer' }))?.sentence).toBe(
    'The session ended before the client answered.',
  );
});

test('death in the middle and an unreachable server are different things', () => {
  expect(whatHappened(exchange({ status: 'failed', flags: ['stream-cut'] }))?.sentence).toContain('in the middle of its answer');
  expect(whatHappened(exchange({ status: 'failed', flags: ['own-error'], errorMessage: 'connect ECONNREFUSED' }))?.sentence).toBe(
    'The server could not be reached; Shadowcat answered in its place. connect ECONNREFUSED.',
  );
});

test('marks are told also on calls that went well', () => {
  expect(whatHappened(exchange({ flags: ['header-mismatch'] }))).toEqual({
    tone: 'warn',
    sentence: 'Its Mcp headers do not agree with its body.',
  });
});

test('repetition', () => {
  expect(sameTargetSentence({ count: 1, errorCount: 1 })).toBeUndefined();
  expect(sameTargetSentence({ count: 14, errorCount: 2 })).toBe('The same call was made 14 times in this session; 2 of them failed.');
});
