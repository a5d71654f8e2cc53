/** Policies made of recorded calls: about that server, method and target. */
import { expect, test } from 'vitest';
import { policyFrom } from './policy-from.ts';

test('a call of a tool names server, method and tool', () => {
  expect(policyFrom({ serverName: 'files', method: 'tools/call', target: 'delete_file' })).toEqual({
    id: 'deny-delete_file',
    effect: 'deny',
    match: { methods: ['tools/call'], servers: ['files'], tools: ['delete_file'] },
  });
});

test('prompts and resources are named as such, and an address becomes a name', () => {
  expect(policyFrom({ serverName: 'files', method: 'prompts/get', target: 'sum up' })).toMatchObject({
    id: 'deny-sum-up',
    match: { prompts: ['sum up'] },
  });
  expect(policyFrom({ serverName: 'files', method: 'resources/read', target: 'file:///a/b' })).toMatchObject({
    id: 'deny-file-a-b',
    match: { resources: ['file:///a/b'] },
  });
});

test('what has no target is named by its method', () => {
  expect(policyFrom({ serverName: '', method: 'tools/list' })).toEqual({
    id: 'deny-tools-list',
    effect: 'deny',
    match: { methods: ['tools/list'] },
  });
});
