/** The lint rules that hold boundaries and habits, each seen red on a planted violation with our own configuration. */
import { execFileSync } from 'node:child_process';
import { copyFileSync, mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join, resolve } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';

const projectRoot = resolve(import.meta.dirname, '..', '..');

const planted: Readonly<Record<string, readonly [source: string, rule: string]>> = {
  'src/shared/model/a.ts': [`import 'node:fs';`, 'no-restricted-imports'],
  'src/shared/model/b.ts': [`import 'ws';`, 'no-restricted-imports'],
  'src/main/support/a.ts': [`import '../store/open.ts';`, 'no-restricted-imports'],
  'src/main/support/b.ts': [`import 'zod';`, 'no-restricted-imports'],
  'src/main/traffic/a.ts': [`import '../store/open.ts';`, 'no-restricted-imports'],
  'src/main/traffic/lazy.ts': [`export const later = import('../store/open.ts');`, 'no-restricted-imports'],
  'src/main/pipeline/a.ts': [`import '../stages/record.ts';`, 'no-restricted-imports'],
  'src/main/stages/a.ts': [`import '../listeners/http.ts';`, 'no-restricted-imports'],
  'src/main/listeners/a.ts': [`import '../upstreams/http.ts';`, 'no-restricted-imports'],
  'src/main/listeners/value.ts': [`import { compose } from '../pipeline/compose.ts'; compose();`, 'no-restricted-imports'],
  'src/main/recording/a.ts': [`import { open } from '../store/open.ts'; open();`, 'no-restricted-imports'],
  'src/main/api/a.ts': [`import 'electron';`, 'no-restricted-imports'],
  'src/main/api/b.ts': [`import 'better-sqlite3';`, 'no-restricted-imports'],
  'src/renderer/ui/a.ts': [`import '../../main/engine.ts';`, 'no-restricted-imports'],
  'src/renderer/features/live/a.ts': [`import { connect } from '../../host/connect.ts'; connect();`, 'no-restricted-imports'],
  'src/preload/a.ts': [`import '../main/engine.ts';`, 'no-restricted-imports'],
  'src/main/traffic/now.ts': [`export const now = Date.now();`, 'no-restricted-properties'],
  'src/main/traffic/random.ts': [`export const id = Math.random();`, 'no-restricted-properties'],
  'src/main/traffic/env.ts': [`export const home = process.env['HOME'];`, 'no-restricted-properties'],
  'src/main/traffic/print.ts': [`console.log('x');`, 'no-console'],
  'src/main/traffic/BadName.ts': [`export const a = 1;`, 'filename-case'],
  'src/main/traffic/any.ts': [`export const a: any = 1;`, 'no-explicit-any'],
  'src/main/traffic/floating.ts': [`async function later(): Promise<void> {}\nlater();`, 'no-floating-promises'],
  'src/main/traffic/throwing.ts': [`throw 'text';`, 'only-throw-error'],
  'src/main/traffic/switch.ts': [
    `declare const kind: 'a' | 'b';\nswitch (kind) {\n  case 'a':\n    break;\n}\nexport {};`,
    'switch-exhaustiveness-check',
  ],
  'src/main/traffic/ignored.ts': [`// @ts-ignore\nexport const a: number = 'x';`, 'ban-ts-comment'],
  'src/main/traffic/default.ts': [`export default 1;`, 'no-default-export'],
  'src/main/traffic/cycle-a.ts': [`import { b } from './cycle-b.ts';\nexport const a = () => b;`, 'no-cycle'],
  'src/main/traffic/cycle-b.ts': [`import { a } from './cycle-a.ts';\nexport const b = () => a;`, 'no-cycle'],
  'src/main/traffic/long.ts': [Array.from({ length: 401 }, (_, at) => `export const a${at} = ${at};`).join('\n'), 'max-lines'],
};

const permitted: Readonly<Record<string, string>> = {
  'src/shared/model/ok.ts': `import { z } from 'zod';\nexport const Name = z.string();`,
  'src/main/support/ok.ts': `import { join } from 'node:path';\nexport const at = join('a', 'b');`,
  'src/main/listeners/types.ts': `import type { Stage } from '../pipeline/stage.ts';\nexport type Mine = Stage;`,
  'src/main/ports.ts': `export const now = Date.now();`,
  'src/main/pipeline/stage.ts': `export interface Stage { readonly name: string }`,
  'src/main/store/open.ts': `import Database from 'better-sqlite3';\nexport const open = () => new Database(':memory:');`,
};

interface Diagnostic {
  readonly code: string;
  readonly filename: string;
}

let root: string;
let found: readonly Diagnostic[];

beforeAll(() => {
  root = mkdtempSync(join(tmpdir(), 'lint-'));
  const sources = { ...Object.fromEntries(Object.entries(planted).map(([file, [source]]) => [file, source])), ...permitted };
  for (const [file, source] of Object.entries(sources)) {
    mkdirSync(dirname(join(root, file)), { recursive: true });
    writeFileSync(join(root, file), `${source}\n`);
  }
  copyFileSync(join(projectRoot, '.oxlintrc.json'), join(root, '.oxlintrc.json'));
  writeFileSync(join(root, 'tsconfig.json'), JSON.stringify({ compilerOptions: { strict: true, types: [] }, include: ['src'] }));
  symlinkSync(join(projectRoot, 'node_modules'), join(root, 'node_modules'), 'junction');
  found = lint(root);
}, 30_000);

afterAll(() => {
  rmSync(root, { recursive: true, force: true });
});

test.each(Object.entries(planted).map(([file, [, rule]]) => [rule, file] as const))('%s is red on %s', (rule, file) => {
  const complaints = found.filter(({ filename }) => filename.replaceAll('\\', '/') === file).map(({ code }) => code);

  expect(complaints).toContainEqual(expect.stringContaining(`(${rule})`));
});

test.each(Object.keys(permitted))('no boundary rule is red on %s', file => {
  const complaints = found.filter(({ filename, code }) => filename === file && code.includes('no-restricted'));

  expect(complaints).toEqual([]);
});

test('the lint script and the lint step of the suite run the same check', async () => {
  const { scripts } = JSON.parse(readFileSync(join(projectRoot, 'package.json'), 'utf8')) as { scripts: Record<string, string> };
  const suite = readFileSync(join(projectRoot, 'scripts', 'bootstrap', 'suite.mjs'), 'utf8');
  const [, ...args] = scripts['lint']?.split(' ') ?? [];

  expect(suite).toContain(`lintArguments = [${args.map(arg => `'${arg}'`).join(', ')}]`);
});

function lint(folder: string): readonly Diagnostic[] {
  const cli = join(projectRoot, 'node_modules', 'oxlint', 'bin', 'oxlint');
  try {
    execFileSync(process.execPath, [cli, '--type-aware', '--format', 'json'], { cwd: folder, encoding: 'utf8', stdio: 'pipe' });
  } catch (error) {
    return (JSON.parse((error as { stdout: string }).stdout) as { diagnostics: readonly Diagnostic[] }).diagnostics;
  }
  throw new Error('The planted violations passed the lint');
}
