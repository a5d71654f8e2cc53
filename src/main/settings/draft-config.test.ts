/** Drafts: what they say of policies, right or wrong, and edits that keep what a person wrote. */
import { expect, test } from 'vitest';
import { draftConfig } from './draft-config.ts';

const text = `version: 1
policyMode: shadow
upstreams: { files: { instances: [{ id: a, url: "http://127.0.0.1:1/mcp" }] } }
policies:
  # agreed in March
  - id: no-delete # why
    effect: deny
    match: { methods: [tools/call], tools: ["delete_*"] }
    message: Not here

  - { id: watch, effect: log, mode: off }
defaults: { effect: deny, hideDenied: false }
`;

test('a draft tells its policies with their lines, its mode, defaults and servers', () => {
  expect(draftConfig(text, [])).toMatchObject({
    text,
    problems: [],
    isReadable: true,
    policies: [
      {
        line: 6,
        endLine: 9,
        id: 'no-delete',
        effect: 'deny',
        mode: 'enforce',
        message: 'Not here',
        match: { methods: ['tools/call'], tools: ['delete_*'] },
      },
      { line: 11, endLine: 11, id: 'watch', effect: 'log', mode: 'off', match: {} },
    ],
    policyMode: 'shadow',
    defaults: { effect: 'deny', onError: 'deny', hideDenied: false },
    servers: ['files'],
  });
});

test('an edit that makes it wrong is made all the same, and the problem is told', () => {
  const draft = draftConfig(text, [{ path: ['policies', 0, 'when'], value: 'args.' }]);
  expect(draft.text).toContain('# agreed in March');
  expect(draft.policies[0]).toMatchObject({ when: 'args.', endLine: 10 });
  const wrong = draftConfig(text, [{ path: ['policies', 0, 'effect'], value: 'dney' }]);
  expect(wrong.problems).toMatchObject([{ line: 7, path: 'policies[0].effect' }]);
  expect(wrong.policies[0]?.effect).toBe('dney');
});

test('what is no YAML stays as it is and says so', () => {
  const draft = draftConfig('version: 1\npolicies: [', [{ path: ['policyMode'], value: 'off' }]);
  expect(draft).toMatchObject({ text: 'version: 1\npolicies: [', isReadable: false, policies: [] });
  expect(draft.editProblem).toBeDefined();
  expect(draft.problems).toHaveLength(1);
});

test('entries that are no policies are told empty, not left out: their places count', () => {
  const { policies } = draftConfig('version: 1\npolicies: [7, { id: b, effect: deny, match: { tools: x } }]\n', []);
  expect(policies.map(({ id, match }) => [id, match])).toEqual([
    ['', {}],
    ['b', {}],
  ]);
  expect(draftConfig('version: 1\npolicies: soon\n', []).policies).toEqual([]);
});

test('a text that is empty becomes a configuration by its first edit', () => {
  expect(draftConfig('', [{ path: ['version'], value: 1 }])).toMatchObject({ text: 'version: 1\n', problems: [] });
});
