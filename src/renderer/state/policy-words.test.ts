/** Policies as sentences. */
import { expect, test } from 'vitest';
import type { DraftPolicy } from '../../shared/model/config-draft.ts';
import { policySentence, sentenceText } from './policy-words.ts';

const said = (policy: Partial<DraftPolicy>) =>
  sentenceText(policySentence({ line: 1, endLine: 1, id: 'p', effect: 'deny', mode: 'enforce', match: {}, ...policy }));

test('a policy reads as when and then', () => {
  expect(said({ match: { tools: ['delete_*'], servers: ['fs'] }, when: 'args.path == "/"', message: 'No.' })).toBe(
    'When server fs tool delete_* and args.path == "/" then deny “No.”',
  );
  expect(said({ match: { methods: ['tools/call', 'prompts/get'] }, effect: 'log' })).toBe('When method tools/call, prompts/get then log');
  expect(said({ when: 'true' })).toBe('When true then deny');
});

test('what is required stands at the end', () => {
  expect(said({ effect: 'require', match: { tools: ['*_file'] }, when: 'args.path != ""' })).toBe(
    'When tool *_file then require args.path != ""',
  );
  expect(said({ effect: 'require', when: 'server == "fs"' })).toBe('Always require server == "fs"');
});

test('a policy about everything, and one that is not finished', () => {
  expect(said({ effect: 'allow' })).toBe('Always allow');
  expect(said({ effect: '', match: { tools: ['x'] } })).toBe('When tool x then no effect yet');
});
