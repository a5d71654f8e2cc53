/** The published schema and the documentation name every key, and say of it what the program says. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { safeParse } from 'zod';
import { ExpressionCompiler } from '../../src/main/pipeline/cel/compile-expression.ts';
import { prepareLimits } from '../../src/main/pipeline/limits/prepare-limits.ts';
import { compilePolicies } from '../../src/main/pipeline/policy/compile-policies.ts';
import { configJsonSchema } from '../../src/main/settings/config-schema.ts';
import { defaultOf, descriptionOf, everyKey, shapeOf } from '../../src/main/settings/config-shape.ts';
import { problemText } from '../../src/main/settings/config-problem.ts';
import { readConfig } from '../../src/main/settings/read-config.ts';

const root = join(import.meta.dirname, '../..');
const document = readFileSync(join(root, 'docs/configuration.md'), 'utf8');

test('the published schema is that of the program; after a change: shadowcat config schema', () => {
  expect(JSON.parse(readFileSync(join(root, 'resources/shadowcat.schema.json'), 'utf8'))).toEqual(JSON.parse(configJsonSchema()));
});

test('every key says in a sentence what it means', () => {
  const keys = everyKey();
  expect(keys.size).toBeGreaterThan(180);
  for (const [path, schema] of keys) expect([path, descriptionOf(schema)]).toEqual([path, expect.stringMatching(/^\S.*[.…]$/)]);
});

test('what applies when a key is absent is something that the key takes', () => {
  const refused = [...everyKey()].filter(([, schema]) => {
    const given = defaultOf(schema);
    return given !== undefined && !safeParse(schema, given.value).success;
  });
  expect(refused).toEqual([]);
});

/** Rows of the tables: the key, its default, what it means; below the heading of what they are part of. */
function documentedKeys(): Map<string, { readonly standard: string; readonly meaning: string }> {
  const found = new Map<string, { standard: string; meaning: string }>();
  let sections: string[] = [''];
  for (const line of document.split('\n')) {
    if (line.startsWith('#')) {
      const named = [...line.matchAll(/`([^`]+)`/g)].map(([, path = '']) => path);
      sections = named.length === 0 ? [''] : named;
    }
    const row = /^\| `(\w+)` \| (.*?) \| (.*) \|$/.exec(line);
    if (row === null) continue;
    const [, key = '', standard = '', meaning = ''] = row;
    for (const section of sections) found.set(section === '' ? key : `${section}.${key}`, { standard, meaning });
  }
  return found;
}

test('every key of the schema has a row in the documentation, and no row is of a key that is not there', () => {
  expect([...documentedKeys().keys()].toSorted()).toEqual([...everyKey().keys()].toSorted());
});

test('the defaults in the documentation are those of the program', () => {
  const documented = documentedKeys();
  for (const [path, schema] of everyKey()) {
    const { kind } = shapeOf(schema);
    const given = defaultOf(schema);
    const isSection = kind === 'object' || path === 'limits';
    const expected = isSection
      ? expect.any(String)
      : given === undefined
        ? expect.stringMatching(/^(?:required|–|one of them.*)$/)
        : `\`${text(given.value)}\``;
    expect([path, documented.get(path)?.standard]).toEqual([path, expected]);
  }
});

const text = (value: unknown): string =>
  typeof value === 'string' ? value : JSON.stringify(value).replaceAll('"', '').replaceAll(',', ', ');

test('every choice is named in the documentation', () => {
  const documented = documentedKeys();
  for (const [path, schema] of everyKey()) {
    const shape = shapeOf(schema);
    if (shape.kind !== 'choice' || path === 'version' || path === 'limits[].algorithm') continue;
    const { standard = '', meaning = '' } = documented.get(path) ?? {};
    for (const value of shape.values) expect([path, `${standard} ${meaning}`]).toEqual([path, expect.stringContaining(`\`${value}\``)]);
  }
});

const examples = [...document.matchAll(/```(?:yaml|json)\n([\s\S]*?)```/g)].map(([, example = '']) => example);

test('every example of the documentation can be used, and its expressions mean something', () => {
  expect(examples.length).toBeGreaterThanOrEqual(8);
  const compiler = new ExpressionCompiler();
  for (const example of examples) {
    const read = readConfig(example);
    if (!read.ok) throw new Error(read.problems.map(problem => problemText(problem, example)).join('\n'));
    expect(() => compilePolicies(read.config)).not.toThrow();
    expect(() => prepareLimits(read.config.limits)).not.toThrow();
    for (const { affinity } of Object.values(read.config.upstreams))
      if (affinity !== 'session' && affinity !== 'none') expect(() => compiler.compile(affinity)).not.toThrow();
  }
});
