/** What may stand where, by the published schema itself. */
import { expect, test } from 'vitest';
import { z } from 'zod';
import { Config } from '../../../shared/config/schema.ts';
import { keysAt, valuesAt } from './schema-words.ts';

// As the host publishes it.
const schema: Record<string, unknown> = z.toJSONSchema(Config, { io: 'input' });
const words = (found: readonly { readonly word: string }[]) => found.map(({ word }) => word);

test('keys come with what they mean', () => {
  expect(words(keysAt(schema, []))).toContain('policies');
  expect(words(keysAt(schema, ['policies', '[]']))).toEqual(['id', 'effect', 'match', 'when', 'message', 'mode']);
  expect(words(keysAt(schema, ['policies', '[]', 'match']))).toContain('tools');
  expect(keysAt(schema, ['policies', '[]'])[3]).toEqual({ word: 'when', detail: 'CEL; absent means true.' });
  expect(words(keysAt(schema, ['upstreams', 'anything']))).toContain('instances');
  expect(words(keysAt(schema, ['limits', '[]']))).toEqual(expect.arrayContaining(['capacity', 'limit']));
});

test('values are offered where they are counted', () => {
  expect(words(valuesAt(schema, ['policyMode']))).toEqual(['enforce', 'shadow', 'off']);
  expect(words(valuesAt(schema, ['policies', '[]', 'effect']))).toEqual(['allow', 'deny', 'require', 'log']);
  expect(words(valuesAt(schema, ['defaults', 'hideDenied']))).toEqual(['true', 'false']);
  expect(valuesAt(schema, ['policies', '[]', 'when'])).toEqual([]);
  expect(keysAt(schema, ['no', 'such'])).toEqual([]);
});
