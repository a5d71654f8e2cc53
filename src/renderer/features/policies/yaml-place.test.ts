/** Places in YAML: which keys are around a position, in the ways people indent. */
import { expect, test } from 'vitest';
import { yamlPlace } from './yaml-place.ts';

/** `|` is the position. */
function placeIn(text: string) {
  const lines = text.split('\n');
  const at = lines.findIndex(line => line.includes('|'));
  const line = lines[at] ?? '';
  return yamlPlace(lines.slice(0, at), line.slice(0, line.indexOf('|')), lines.slice(at + 1));
}
const told = (text: string) => {
  const place = placeIn(text);
  return place === undefined ? undefined : `${place.kind} ${place.path.join('.')} ${place.word}`;
};

test('keys at the top and inside of lists', () => {
  expect(told('version: 1\npol|')).toBe('key  pol');
  expect(told('policies:\n  - id: a\n    eff|')).toBe('key policies.[] eff');
  expect(told('policies:\n- id: a\n  eff|')).toBe('key policies.[] eff');
  expect(told('policies:\n  - |')).toBe('key policies.[] ');
  expect(told('policies:\n  - id: a\n    match:\n      to|')).toBe('key policies.[].match to');
  expect(told('defaults:\n  effect: deny\n  |')).toBe('key defaults ');
});

test('values of keys', () => {
  expect(told('policyMode: s|')).toBe('value policyMode s');
  expect(told('policies:\n  # why\n  - id: a\n\n    effect: |')).toBe('value policies.[].effect ');
  expect(told('policies:\n  - effect: d|')).toBe('value policies.[].effect d');
  expect(told('upstreams:\n  files:\n    instances:\n      - id: a\n        url: x\n    balance: r|')).toBe(
    'value upstreams.files.balance r',
  );
});

test('what stands in the same map already is known', () => {
  const place = placeIn('policies:\n  - id: a\n    |\n    message: x\n  - effect: deny');
  expect(place?.siblings.toSorted()).toEqual(['id', 'message']);
});

test('nothing is offered in comments, quotes and braces', () => {
  for (const text of ['# pol|', 'a: "x|', 'a: { b|', 'a: [b|', 'a: b c|']) expect(told(text)).toBeUndefined();
});
