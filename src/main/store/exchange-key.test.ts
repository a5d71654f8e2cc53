import { expect, test } from 'vitest';
import { fc } from '../../../test/kit/properties.ts';
import { exchangeIdOf, firstSeqOf, MAX_BATCH_ELEMENTS, splitExchangeId } from './exchange-key.ts';

test('every name comes back from its number, the elements of a batch included', () => {
  const seq = fc.integer({ min: 0, max: 2 ** 40 - 1 });
  const element = fc.integer({ min: 1, max: MAX_BATCH_ELEMENTS - 1 });
  fc.assert(
    fc.property(seq, element, (first, index) => {
      for (const id of [`a/b/${first}`, `a/b/${first}.${index}`]) {
        const split = splitExchangeId(id);
        expect(split?.sessionId).toBe('a/b');
        expect(exchangeIdOf('a/b', split?.firstSeq as number)).toBe(id);
      }
    }),
  );
});

test('what is no name of an exchange is refused', () => {
  const names = ['s', 's/', 's/x', 's/-1', 's/1.5.2', 's/1.x', `s/1.${MAX_BATCH_ELEMENTS}`, 't/1'];
  expect(names.map(name => firstSeqOf(name, 's'))).toEqual(names.map(() => undefined));
});
