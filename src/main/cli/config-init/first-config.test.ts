/** Whatever stands in a client's file, the configuration that is made of it can be read, and says the same. */
import { expect, test } from 'vitest';
import { fc } from '../../../../test/kit/properties.ts';
import { readConfig } from '../../settings/read-config.ts';
import { readClientFile } from './client-file.ts';
import { exampleConfig, firstConfig } from './first-config.ts';
import { importedServers } from './imported-servers.ts';

const imported = (file: object) => importedServers(readClientFile(JSON.stringify(file), 'mcp.json'), 'http://127.0.0.1:7380').servers;

test('the example can be used', () => {
  expect(readConfig(exampleConfig)).toMatchObject({ ok: true, warnings: [] });
});

const text = fc.oneof(
  fc.string({ unit: 'grapheme', minLength: 1 }),
  fc.constantFrom('yes', 'null', '1e3', '~', '#', ': ', '${', '${a}', '$${', '- a'),
);
const command = fc.record({
  command: text.filter(word => word.trim() !== ''),
  args: fc.array(text),
  env: fc.dictionary(text, text),
  disabled: fc.boolean(),
});
const remote = fc.record({
  url: fc.webUrl({ withQueryParameters: true }),
  headers: fc.dictionary(fc.stringMatching(/^[A-Za-z-]{1,20}$/), text),
});

test('any servers give a configuration that can be read, with as many upstreams', () => {
  fc.assert(
    fc.property(fc.dictionary(text, fc.oneof(command, remote), { minKeys: 1, maxKeys: 5 }), text, (mcpServers, from) => {
      const servers = imported({ mcpServers });
      const made = firstConfig({ from, servers });
      const read = readConfig(made);
      expect(read.ok ? [] : [read.problems, made]).toEqual([]);
      expect(read.ok && Object.keys(read.config.upstreams)).toHaveLength(Object.keys(mcpServers).length);
    }),
    { numRuns: 100 },
  );
});

const secret = 'k9Zq3xT7vB2mN8pL4wR6yH1c';

test.each<[string, object]>([
  ['a segment of the path', { url: `https://server.example/api/s/${secret}/mcp` }],
  ['a number of the path', { url: 'https://server.example/5f0c9c7e-6a1f-4c58-9d2e-0b7f4a1e8c33/mcp' }],
  ['a parameter of any name', { url: `https://server.example/mcp?sig=${secret}` }],
  ['a variable of any name', { command: 'run', env: { SETTING: secret } }],
  ['a setting within a variable', { command: 'run', env: { CONNECTION: 'Server=db;Password=s3cret;' } }],
  ['an address within a variable', { command: 'run', env: { REPORTS: `https://${secret}@reports.example/1` } }],
  ['an argument', { command: 'run', args: ['-k', secret] }],
  ['a variable of a container', { command: 'docker', args: ['run', '--env=API_TOKEN=s3cret', 'image'] }],
  ['a variable of a shell', { command: 'sh', args: ['-c', 'API_KEY=s3cret npx server'] }],
])('no secret of a client gets into the file: %s', (_, server) => {
  expect(firstConfig({ from: 'x', servers: imported({ servers: { a: server } }) })).not.toMatch(/s3cret|k9Zq3x|5f0c9c7e/);
});

test('what only looks long stays', () => {
  const args = [
    'mcp/fetch@sha256:0f6d3b1c9a8e7f6d5c4b3a2918273645546372819a0b1c2d3e4f5a6b7c8d9e0f',
    '/home/me/Projects2024ClientWebsite',
    '--max-tokens=500',
  ];
  expect(imported({ servers: { a: { command: 'run', args } } })[0]?.instance).toMatchObject({ args });
});

test('commands and arguments that are no secrets come through letter by letter', () => {
  fc.assert(
    fc.property(fc.array(fc.string({ unit: 'grapheme' })), args => {
      const plain = args.filter(arg => !/[$=:]|^-/.test(arg));
      const read = readConfig(firstConfig({ from: 'x', servers: imported({ servers: { a: { command: 'run', args: plain } } }) }));
      expect(read.ok && read.config.upstreams['a']?.instances[0]).toMatchObject({ command: 'run', args: plain });
    }),
  );
});
