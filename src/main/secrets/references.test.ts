/** Secret references: what they stand for, what is said when they stand for nothing, and that no value is ever told. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { scanReferences } from '../../shared/config/secret-references.ts';
import { MAX_SECRET_BYTES, readFileUpTo, SecretError, secretResolver } from './references.ts';

let dir: string;
beforeAll(() => {
  dir = mkdtempSync(join(tmpdir(), 'shadowcat-secrets-'));
});
afterAll(() => rmSync(dir, { recursive: true, force: true }));

const kept: Record<string, string> = { github: 'from-the-vault', blank: '' };
const resolver = (env: Record<string, string | undefined> = { TOKEN: 'from-env', EMPTY: '' }) =>
  secretResolver({ env, readFile: readFileUpTo, vault: name => Promise.resolve(kept[name]) });
const file = (name: string, contents: string | Uint8Array) => {
  const path = join(dir, name);
  writeFileSync(path, contents);
  return path;
};

test.each([
  ['${env:TOKEN}', 'from-env'],
  ['Bearer ${env:TOKEN}', 'Bearer from-env'],
  ['${vault:github}', 'from-the-vault'],
  ['${env:TOKEN}:${vault:github}:${env:TOKEN}', 'from-env:from-the-vault:from-env'],
  ['plain', 'plain'],
  ['$${env:TOKEN} costs $5', '${env:TOKEN} costs $5'],
])('%s resolves', async (text, value) => {
  expect(await resolver().resolve(text)).toBe(value);
});

test('one newline at the end of a file is cut, CRLF too, and no more', async () => {
  expect(await resolver().resolve(`\${file:${file('lf', 'secret\n')}}`)).toBe('secret');
  expect(await resolver().resolve(`\${file:${file('crlf', 'secret\r\n')}}`)).toBe('secret');
  expect(await resolver().resolve(`\${file:${file('two', ' secret\n\n')}}`)).toBe(' secret\n');
});

test('a value is taken as it is, also when it looks like a reference or a replacement pattern', async () => {
  expect(await resolver({ A: '${env:B} $& $1', B: 'no' }).resolve('[${env:A}]')).toBe('[${env:B} $& $1]');
});

test('a file is read anew each time', async () => {
  const path = file('rotated', 'first');
  const secrets = resolver();
  expect(await secrets.resolve(`\${file:${path}}`)).toBe('first');
  writeFileSync(path, 'second');
  expect(await secrets.resolve(`\${file:${path}}`)).toBe('second');
  expect([...secrets.secretValues()]).toEqual(['first', 'second']);
});

test.each([
  ['x ${env:MISSING}', '${env:MISSING} is not set. Set the variable'],
  ['${env:EMPTY}', '${env:EMPTY} is empty. Give the variable a value'],
  ['${env:toString}', '${env:toString} is not set'],
  ['${file:/no/such/file}', '${file:/no/such/file} names a file that is not there'],
  ['${file:relative}', 'Write an absolute path'],
  ['${file:/}', 'Write an absolute path'],
  ['${file:/tmp}', 'names a directory'],
  ['${vault:other}', '${vault:other} is not in the vault. Keep it: shadowcat secret set other,'],
  ['${vault:blank}', '${vault:blank} is empty'],
  ['${HOME}', '${HOME} is no reference. Write ${env:NAME}'],
  ['${env:A B}', 'Write the name of an environment variable'],
  ['${env:TOKEN', 'Close the reference with }'],
])('%s says what to do', async (text, message) => {
  await expect(resolver().resolve(text)).rejects.toThrow(SecretError);
  await expect(resolver().resolve(text)).rejects.toThrow(message);
});

test('a secret has at most 64 KiB, from each source', async () => {
  const most = 'x'.repeat(MAX_SECRET_BYTES);
  expect(await resolver().resolve(`\${file:${file('most', `${most}\n`)}}`)).toBe(most);
  await expect(resolver().resolve(`\${file:${file('more', `${most}x`)}}`)).rejects.toThrow('longer than 64 KiB');
  await expect(resolver().resolve(`\${file:${file('huge', most.repeat(3))}}`)).rejects.toThrow('longer than 64 KiB');
  await expect(resolver({ BIG: `${most}x` }).resolve('${env:BIG}')).rejects.toThrow('longer than 64 KiB');
});

test('no error tells a value, not even by its cause', async () => {
  const path = file('binary', Uint8Array.from([0x68, 0x75, 0x6e, 0x74, 0x65, 0x72, 0xff]));
  const error = await resolver()
    .resolve(`\${env:TOKEN} \${file:${path}}`)
    .catch((caught: unknown) => caught as SecretError);
  expect(error).toMatchObject({ reference: `\${file:${path}}`, message: expect.stringContaining('no UTF-8 text') });
  expect(JSON.stringify([error, (error as Error).message, (error as Error).cause])).not.toMatch(/hunter|from-env/);
});

test('a vault that does not open is an error of the reference', async () => {
  const secrets = secretResolver({ env: {}, readFile: readFileUpTo, vault: () => Promise.reject(new Error('locked')) });
  await expect(secrets.resolve('${vault:github}')).rejects.toThrow('${vault:github} cannot be read because the vault does not open');
});

test('what was resolved is known for masking; short values are not', async () => {
  const secrets = resolver({ TOKEN: 'from-env', SHORT: 'abc' });
  await secrets.resolve('Bearer ${env:TOKEN} ${env:SHORT}');
  expect([...secrets.secretValues()]).toEqual(['from-env']);
});

test('values for masking are bounded, newest kept', async () => {
  const env: Record<string, string> = {};
  for (let at = 0; at <= 10_000; at += 1) env[`V${at}`] = `value-${at}`;
  const secrets = resolver(env);
  await secrets.resolve(
    Object.keys(env)
      .map(name => `\${env:${name}}`)
      .join(),
  );
  expect(secrets.secretValues().size).toBe(10_000);
  expect(secrets.secretValues().has('value-0')).toBe(false);
  expect(secrets.secretValues().has('value-10000')).toBe(true);
});

test('references are listed with their places', () => {
  expect(scanReferences('a ${env:X} $${env:Y} ${file:/z}').found).toEqual([
    { text: '${env:X}', kind: 'env', name: 'X', at: 2 },
    { text: '${file:/z}', kind: 'file', name: '/z', at: 21 },
  ]);
});
