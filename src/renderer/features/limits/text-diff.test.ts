import { expect, test } from 'vitest';
import { textDiff } from './text-diff.ts';

test('what two texts begin and end with alike is kept apart, in whole words', () => {
  expect(textDiff('"Looks an invoice up."', '"Looks every invoices up."')).toEqual({
    head: '"Looks ',
    removed: 'an invoice',
    added: 'every invoices',
    tail: ' up."',
  });
  expect(textDiff('"a"', '"a, and more"')).toEqual({ head: '"a', removed: '', added: ', and more', tail: '"' });
});

test('one that is not there, and long parts that are alike', () => {
  expect(textDiff('', '{"x":1}')).toEqual({ head: '', removed: '', added: '{"x":1}', tail: '' });
  const long = 'a '.repeat(100);
  const diff = textDiff(`${long}x ${long}`, `${long}y ${long}`);
  expect(diff).toMatchObject({ removed: 'x', added: 'y' });
  expect([diff.head.length, diff.tail.length]).toEqual([81, 81]);
});
