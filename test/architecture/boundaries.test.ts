/** The boundary check itself: clean on our sources, and seen red on one planted violation of each kind. */
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join, resolve } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { checkBoundaries } from '../../scripts/boundaries.mjs';

const projectRoot = resolve(import.meta.dirname, '..', '..');
let planted: string;

beforeAll(() => {
  planted = mkdtempSync(join(tmpdir(), 'boundaries-'));
});

afterAll(() => {
  rmSync(planted, { recursive: true, force: true });
});

test('no source of ours crosses a boundary or silences a rule about them', () => {
  const { fileCount, violations } = checkBoundaries(projectRoot);

  expect(violations).toEqual([]);
  expect(fileCount).toBeGreaterThan(20);
});

test('an empty walk is told apart from a clean one', () => {
  expect(checkBoundaries(join(planted, 'nowhere'))).toEqual({ fileCount: 0, violations: [] });
});

const violations: readonly [file: string, source: string, complaint: RegExp][] = [
  ['shared/model/a.ts', `import { readFileSync } from 'node:fs';`, /shared runs without Node/],
  ['shared/model/b.ts', `import { clock } from '../../main/ports.ts';`, /shared may not use ports/],
  ['shared/model/c.ts', `import ws from 'ws';`, /shared may not use the package ws/],
  ['main/support/a.ts', `import { x } from '../traffic/x.ts';`, /support may not use traffic/],
  ['main/traffic/a.ts', `import { x } from '../store/x.ts';`, /traffic may not use store/],
  ['main/stages/a.ts', `import { b } from './b.ts';`, /stages never import each other/],
  ['main/stages/a.ts', `export * from './b/part.ts';`, /stages never import each other/],
  ['main/stages/a.ts', `await import('./order.ts');`, /stages never import each other/],
  ['main/listeners/a.ts', `import { b } from '../upstreams/b.ts';`, /listeners may not use upstreams/],
  ['main/upstreams/a.ts', `import type { B } from '../listeners/b.ts';`, /upstreams may not use listeners/],
  ['main/listeners/a.ts', `import { compose } from '../pipeline/compose.ts';`, /listeners may not use pipeline \(only its types\)/],
  ['main/recording/a.ts', `import { open } from '../store/open.ts';`, /recording may not use store \(only its types\)/],
  ['main/recording/a.ts', `import Database from 'better-sqlite3';`, /better-sqlite3 belongs to store alone/],
  ['main/recording/a.ts', 'const rows = `SELECT id\n FROM frame`;', /holds SQL/],
  ['main/publish/a.ts', `db.exec('DELETE FROM frame');`, /holds SQL/],
  ['main/api/a.ts', `import { app } from 'electron';`, /electron belongs to desktop and preload alone/],
  ['main/engine.ts', `const { app } = await import('electron');`, /electron belongs to desktop and preload alone/],
  ['main/engine.ts', `import { desk } from './desktop/desk.ts';`, /engine may not use desktop/],
  ['main/headless/a.ts', `import { desk } from '../desktop/desk.ts';`, /headless may not use desktop/],
  ['main/headless/a.ts', `import { cli } from '../cli/cli.ts';`, /headless may not use cli/],
  ['main/desktop/a.ts', `import { open } from '../store/open.ts';`, /desktop may not use store/],
  ['main/shim.ts', `import { z } from 'zod';`, /shim may not use the package zod/],
  ['main/shim.ts', `import { hub } from './listeners/hub.ts';`, /shim may not use listeners/],
  ['main/engine.ts', 'await import(`./${name}.ts`);', /imports a computed path/],
  ['main/utils/a.ts', `export const a = 1;`, /is in no part of the table/],
  ['preload/a.ts', `import { calls } from '../shared/contract/calls.ts';`, /preload may not use shared \(only its types\)/],
  ['renderer/features/live/a.tsx', `import { b } from '../sessions/b.tsx';`, /renderer\/features never import each other/],
  ['renderer/features/live/a.tsx', `import { connect } from '../../host/connect.ts';`, /renderer\/features may not use renderer\/host/],
  ['renderer/ui/a.tsx', `import { connect } from '../host/connect.ts';`, /renderer\/ui may not use renderer\/host/],
  ['renderer/state/a.ts', `import { engine } from '../../main/engine.ts';`, /renderer\/state may not use engine/],
  ['renderer/app/a.tsx', `import { app } from 'electron';`, /electron belongs to desktop and preload alone/],
  ['main/traffic/a.ts', `// @ts-ignore\nexport const a: number = 'x';`, /silences/],
  ['main/traffic/a.ts', `// oxlint-disable-next-line no-restricted-imports\nexport const a = 1;`, /silences/],
  ['main/traffic/a.test.ts', `// @ts-ignore\nexport const a: number = 'x';`, /silences/],
];

test.each(violations)('a planted violation in %s is found: %s', (file, source, complaint) => {
  const root = mkdtempSync(join(planted, 'one-'));
  const path = join(root, 'src', file);
  mkdirSync(dirname(path), { recursive: true });
  writeFileSync(path, `${source}\n`);

  const { violations: found } = checkBoundaries(root);

  expect(found).toEqual([expect.stringMatching(complaint)]);
});

const permitted: readonly [file: string, source: string][] = [
  ['main/stages/order.ts', `import { a } from './a.ts';`],
  ['main/stages/record.ts', `import { part } from './record/part.ts';`],
  ['main/listeners/a.ts', `import type { Stage } from '../pipeline/stage.ts';`],
  ['main/store/a.ts', `import Database from 'better-sqlite3'; new Database('x').prepare('SELECT 1 FROM frame');`],
  ['main/index.ts', `import { app } from 'electron'; import { engine } from './engine.ts';`],
  ['main/support/a.ts', `/** Select a name from the list. */ export const text = 'choose one from these';`],
  ['renderer/app/a.tsx', `import { connect } from '../host/connect.ts'; import './a.css';`],
];

test.each(permitted)('what the table permits passes: %s with %s', (file, source) => {
  const root = mkdtempSync(join(planted, 'one-'));
  const path = join(root, 'src', file);
  mkdirSync(dirname(path), { recursive: true });
  writeFileSync(path, `${source}\n`);

  expect(checkBoundaries(root).violations).toEqual([]);
});
