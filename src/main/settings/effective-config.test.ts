/** What is in force: complete, readable again, with the origin of each value and no secret. */
import { expect, test } from 'vitest';
import { sampleConfig } from '../../../test/config/sample-config.ts';
import { effectiveConfig, effectiveYaml } from './effective-config.ts';
import { readConfig, type ReadConfigOptions } from './read-config.ts';

const read = (text: string, options?: ReadConfigOptions) => {
  const result = readConfig(text, options);
  if (!result.ok) throw new Error(result.problems.map(({ message }) => message).join('\n'));
  return result;
};
const origin = (effective: ReturnType<typeof effectiveConfig>, path: string) => effective.origins.get(path);

test.each([
  ['the sample', sampleConfig],
  ['nothing but a version', 'version: 1'],
  [
    'awkward texts',
    'version: 1\npolicies: [{ id: a, effect: log, when: "a == 1\\n  && b # no comment\\n", message: "- x: #y" }]\nlogging: { levels: { access: warn } }',
  ],
])('%s reads as the same configuration again', (_, text) => {
  const first = read(text);
  for (const withOrigins of [false, true]) {
    const again = read(effectiveYaml(effectiveConfig(first), withOrigins));
    expect(again.config).toEqual(first.config);
  }
  const written = JSON.stringify(effectiveConfig(first).value);
  expect(read(written).config).toEqual(first.config);
});

test('every value has its origin', () => {
  const effective = effectiveConfig(read(sampleConfig, { env: { SHADOWCAT__ADMIN__PORT: '0' }, flags: { 'logging.level': 'warn' } }));
  expect(origin(effective, 'version')).toBe('line 2');
  expect(origin(effective, 'listeners[0].name')).toBe('line 6');
  expect(origin(effective, 'listeners[0].maxBody')).toBe('default');
  expect(origin(effective, 'limits[1].limit')).toBe('line 58');
  expect(origin(effective, 'limits[1].costs')).toBe('default');
  expect(origin(effective, 'upstreams.github.timeouts.tools["search_*"].total')).toBe('line 40');
  expect(origin(effective, 'admin.port')).toBe('SHADOWCAT__ADMIN__PORT');
  expect(origin(effective, 'admin.host')).toBe('line 73');
  expect(origin(effective, 'logging.level')).toBe('logging.level');
  const lines = effectiveYaml(effective, true).split('\n');
  expect(lines).toContain('  port: 0 # SHADOWCAT__ADMIN__PORT');
  expect(lines).toContain('    maxBody: 16MiB # default');
  const values = lines.filter(line => line !== '' && !/^[\s-]*\S+:$/.test(line));
  expect(values.filter(line => !/ # (?:default|line \d+|SHADOWCAT__ADMIN__PORT|logging\.level)$/.test(line))).toEqual([]);
});

test('literal secrets are hidden, references and plain variables are shown', () => {
  const text = `version: 1
admin: { token: hunter2 }
sessions: { keys: [hunter3, "\${env:KEY}"] }
upstreams:
  a:
    instances: [{ id: x, command: node, env: { NODE_ENV: production, API_TOKEN: hunter4, OTHER_TOKEN: "\${env:O}" } }]
  b:
    instances: [{ id: x, url: "http://127.0.0.1/" }]
    credentials: { header: { name: X-Key, value: hunter5 } }
`;
  const yaml = effectiveYaml(effectiveConfig(read(text)), true);
  expect(yaml).not.toContain('hunter');
  expect(yaml).toContain('token: (hidden) # line 2');
  expect(yaml).toContain('- ${env:KEY} # line 3');
  expect(yaml).toContain('NODE_ENV: production # line 6');
  expect(yaml).toContain('OTHER_TOKEN: ${env:O} # line 6');
});

test('a secret from a variable is not shown either', () => {
  const effective = effectiveConfig(read('version: 1', { env: { SHADOWCAT__ADMIN__TOKEN: 'hunter2' } }));
  expect(effectiveYaml(effective, true)).toContain('  token: (hidden) # SHADOWCAT__ADMIN__TOKEN\n');
});
