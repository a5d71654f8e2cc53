/** Whatever stands in a client's file, the configuration that is made of it can be read, and says the same. */
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { readConfig } from '../../settings/read-config.ts';
import { readClientFile } from './client-file.ts';
import { exampleConfig, firstConfig } from './first-config.ts';
import { importedServers } from './imported-servers.ts';

const imported = (file: object) => importedServers(readClientFile(JSON.stringify(file)), 'http://127.0.0.1:7380').servers;

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

test('commands and arguments that are no secrets come through letter by letter', () => {
  fc.assert(
    fc.property(fc.array(fc.string({ unit: 'grapheme' })), args => {
      const plain = args.filter(arg => !/[$=:]|^-/.test(arg));
      const read = readConfig(firstConfig({ from: 'x', servers: imported({ servers: { a: { command: 'run', args: plain } } }) }));
      expect(read.ok && read.config.upstreams['a']?.instances[0]).toMatchObject({ command: 'run', args: plain });
    }),
  );
});
