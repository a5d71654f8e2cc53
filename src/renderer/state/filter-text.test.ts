/** Chips ⇄ text: both ways lossless, and nothing rewritten that chips cannot show. */
import { describe, expect, test } from 'vitest';
import { token, toForm, toggleToken, toText, withChipsTaken, wordAt } from './filter-text.ts';

describe('round trip', () => {
  test.each(['', 'server:github', 'server:github -method:ping rate', 'tool:"search code" "rate limit"', 'status:error dur:>500ms'])(
    '%j survives',
    text => {
      expect(toText(toForm(text))).toBe(text);
    },
  );

  test('words and chips part', () => {
    expect(toForm('rate server:github limit -method:ping')).toEqual({
      chips: ['server:github', '-method:ping'],
      rest: 'rate limit',
    });
  });

  test('a text with or, not or parentheses stays a text', () => {
    for (const text of ['server:a or server:b', 'not status:ok', '(server:a tool:b)'])
      expect(toForm(text)).toEqual({ chips: [], rest: text });
  });

  test('a key without value, and an unknown key, are no chips', () => {
    expect(toForm('server: foo:bar')).toEqual({ chips: [], rest: 'server: foo:bar' });
  });
});

describe('typing', () => {
  test('a token becomes a chip at the space after it', () => {
    expect(withChipsTaken({ chips: [], rest: 'server:git' }, false)).toEqual({ chips: [], rest: 'server:git' });
    expect(withChipsTaken({ chips: [], rest: 'server:git ' }, false)).toEqual({ chips: ['server:git'], rest: '' });
  });

  test('or at Enter', () => {
    expect(withChipsTaken({ chips: ['server:a'], rest: 'rate tool:x' }, true)).toEqual({
      chips: ['server:a', 'tool:x'],
      rest: 'rate ',
    });
  });

  test('a quoted value keeps its spaces', () => {
    expect(withChipsTaken({ chips: [], rest: 'tool:"a b" ' }, false).chips).toEqual(['tool:"a b"']);
  });
});

test('a token toggles', () => {
  expect(toggleToken('rate', 'status:error')).toBe('rate status:error');
  expect(toggleToken('rate status:error', 'status:error')).toBe('rate');
});

test('values are quoted where they need it', () => {
  expect(token('server', 'github')).toBe('server:github');
  expect(token('server', 'my "own" server')).toBe(String.raw`server:"my \"own\" server"`);
});

test('completion knows the word at the caret', () => {
  expect(wordAt('rate ser', 8)).toEqual({ start: 5, prefix: 'ser' });
  expect(wordAt('rate -server:gi', 15)).toEqual({ start: 5, key: 'server', prefix: 'gi' });
});
