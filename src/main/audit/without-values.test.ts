/** Known secrets stand nowhere in a row, whoever put them there. */
import { expect, test } from 'vitest';
import { MASK } from '../../shared/redaction/mask-text.ts';
import { withoutValues } from './without-values.ts';

const secret = 'hunter2-"of-the-vault"';

test('a secret is masked in every text of a row, however deep', () => {
  const row = {
    target: `tool ${secret}`,
    status: 200,
    details: { path: `/x/${secret}` },
    decisions: [{ id: 'p', reason: `${secret} twice ${secret}` }],
  };
  expect(withoutValues(row, [secret])).toEqual({
    target: `tool ${MASK}`,
    status: 200,
    details: { path: `/x/${MASK}` },
    decisions: [{ id: 'p', reason: `${MASK} twice ${MASK}` }],
  });
});

test('a row without any stays the same one, and what is too short to be told from words is left', () => {
  const row = { target: 'read', reason: 'a common word' };
  expect(withoutValues(row, [])).toBe(row);
  expect(withoutValues(row, [secret, 'word'])).toBe(row);
});
