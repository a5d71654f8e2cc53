import { CompletionContext } from '@codemirror/autocomplete';
import { EditorState } from '@codemirror/state';
import { expect, test } from 'vitest';
import { yamlCompletion } from './yaml-completion.ts';

const schema = {
  type: 'object',
  properties: { version: { type: 'integer' }, policyMode: { enum: ['enforce', 'shadow', 'off'] } },
};

function offeredAt(doc: string, pos = doc.length): string[] {
  const found = yamlCompletion(() => schema)(new CompletionContext(EditorState.create({ doc }), pos, true));
  return found?.options.map(({ label }) => label) ?? [];
}

test('keys are offered on the first, the only and the last line of a text', () => {
  expect(offeredAt('p')).toContain('policyMode');
  expect(offeredAt('p\nversion: 1', 1)).toEqual(['policyMode']);
  expect(offeredAt('version: 1\np')).toEqual(['policyMode']);
});

test('values are offered behind a key', () => {
  expect(offeredAt('version: 1\npolicyMode: s')).toEqual(['enforce', 'shadow', 'off']);
});
