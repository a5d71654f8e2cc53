/**
 * Who may import whom: the table of the architecture as data, and the check that reads every import of the
 * sources and holds it against the table. Lint says the coarse part of this while typing; this is the whole.
 */
import { readFileSync } from 'node:fs';
import { builtinModules } from 'node:module';
import { dirname, join, relative, resolve, sep } from 'node:path';
import { parseSync } from 'rolldown/utils';
import { filesUnder } from './bootstrap/project.mjs';

const engineParts = ['support', 'traffic', 'pipeline', 'stages', 'listeners', 'upstreams', 'store', 'recording', 'tapes', 'metrics'];
const hostNeeds = ['shared', 'support', 'ports', 'engine', 'api', 'settings', 'secrets', 'sample'];

/**
 * Per part: the parts it may use (`types`: with `import type` only) and the packages. `node` stands for
 * Node's built-ins. Every part may use itself. A part that is missing here may not exist.
 */
const table = {
  shared: { uses: [], packages: ['zod'] },
  support: { uses: [], packages: ['node'] },
  ports: { uses: ['shared', 'support'], packages: ['node'] },
  traffic: { uses: ['shared', 'support'], packages: ['node', 'zod'], types: ['ports'] },
  pipeline: { uses: ['shared', 'support', 'traffic', 'ports'], packages: ['node', '@bufbuild/cel'] },
  stages: { uses: ['shared', 'support', 'traffic', 'pipeline', 'ports'], packages: ['node', 'jose', '@bufbuild/cel'] },
  listeners: { uses: ['shared', 'support', 'traffic', 'ports'], types: ['pipeline'], packages: ['node'] },
  upstreams: { uses: ['shared', 'support', 'traffic', 'ports'], types: ['pipeline', 'secrets'], packages: ['node', '@bufbuild/cel'] },
  store: { uses: ['shared', 'support', 'ports'], types: ['traffic'], packages: ['node', 'zod', 'better-sqlite3'] },
  recording: { uses: ['shared', 'support', 'traffic', 'ports'], types: ['store'], packages: ['node'] },
  tapes: { uses: ['shared', 'support', 'traffic', 'ports'], types: ['store', 'pipeline'], packages: ['node', 'zod'] },
  metrics: { uses: ['shared', 'support', 'traffic', 'ports'], types: ['store'], packages: ['node', '@prometheus-io/client'] },
  audit: { uses: ['shared', 'support', 'ports'], types: ['store'], packages: ['node'] },
  admin: { uses: ['shared', 'support', 'ports', 'metrics', 'audit'], packages: ['node'] },
  // The wiring of what a configuration describes: like engine.ts, and used by it alone.
  gateway: { uses: ['shared', 'ports', 'settings', 'secrets', 'audit', 'admin', ...engineParts], packages: ['node'] },
  publish: { uses: ['shared', 'support', 'traffic', 'ports'], types: ['store'], packages: ['node', 'zod'] },
  settings: { uses: ['shared', 'support', 'ports'], packages: ['node', 'zod', 'yaml'] },
  secrets: { uses: ['shared', 'support', 'ports'], packages: ['node', 'oauth4webapi', 'jose'] },
  clients: { uses: ['shared', 'support', 'ports'], packages: ['node', 'zod'] },
  api: {
    uses: ['shared', 'support', 'ports', 'store', 'publish', 'settings', 'tapes'],
    types: ['traffic', 'recording'],
    packages: ['node', 'zod'],
  },
  engine: {
    uses: ['shared', 'ports', 'publish', 'settings', 'secrets', 'clients', 'api', 'audit', 'gateway', ...engineParts],
    packages: ['node'],
  },
  shim: { uses: ['shared', 'support'], packages: ['node'] },
  sample: { uses: ['shared', 'support', 'ports'], packages: ['node'] },
  // The CLI reaches a running desktop host by the same socket and host file as a headless one.
  desktop: { uses: [...hostNeeds, 'headless'], packages: ['node', 'electron'] },
  headless: { uses: hostNeeds, packages: ['node', 'ws', 'zod'] },
  // `audit verify` reads files and database beside a running host.
  cli: { uses: [...hostNeeds, 'headless', 'tapes', 'shim', 'audit', 'store'], packages: ['node', 'ws', 'zod'] },
  preload: { uses: [], types: ['shared'], packages: ['electron'] },
  'renderer/app': { uses: ['shared', 'renderer/*'], packages: ['*'] },
  'renderer/state': { uses: ['shared', 'renderer/host', 'renderer/formats'], packages: ['react', 'zustand', 'zod', 'react-hotkeys-hook'] },
  'renderer/host': { uses: ['shared'], packages: [] },
  'renderer/formats': { uses: ['shared'], packages: [] },
  'renderer/ui': { uses: ['shared', 'renderer/state', 'renderer/formats', 'renderer/styles'], packages: ['*'] },
  'renderer/styles': { uses: [], packages: [] },
  'renderer/features': {
    uses: ['shared', 'renderer/state', 'renderer/formats', 'renderer/ui', 'renderer/styles'],
    types: ['renderer/host'],
    packages: ['*'],
  },
};

/** Files directly in `src/main` and the part each belongs to. */
const entries = {
  'index.ts': 'desktop',
  'headless.ts': 'headless',
  'cli.ts': 'cli',
  'shim.ts': 'shim',
  'engine.ts': 'engine',
  'engine-deps.ts': 'engine',
  'open-proxies.ts': 'engine',
  'ports.ts': 'ports',
};

/** In these parts siblings never meet: each folder or file below is its own world. `order.ts` is where stages meet. */
const separateSiblings = { stages: ['order.ts'], 'renderer/features': [] };

/** Packages that name a boundary of their own, whatever the table allows with `*`. */
const onlyIn = { electron: ['desktop', 'preload'], 'better-sqlite3': ['store'] };

const silencers = /@ts-ignore|@ts-nocheck|(?:oxlint|eslint)-disable[^\n]*(?:no-restricted-imports|no-cycle)/;
const sql =
  /['"`]\s*(?:SELECT\s[\s\S]+?\sFROM\s|INSERT\s+(?:OR\s+\w+\s+)?INTO\s|UPDATE\s+\w+\s+SET\s|DELETE\s+FROM\s|CREATE\s+(?:TABLE|INDEX|VIRTUAL|TRIGGER)\s|PRAGMA\s)/i;

/** Every violation below `<root>/src`, as sentences; and how many files were read, because none read proves nothing. */
export function checkBoundaries(root) {
  const files = filesUnder(join(root, 'src')).filter(file => /\.tsx?$/.test(file));
  const violations = files.flatMap(file => {
    const name = relative(root, file).split(sep).join('/');
    return check(root, file).map(problem => `${name}: ${problem}`);
  });
  return { fileCount: files.length, violations };
}

function check(root, file) {
  const source = readFileSync(file, 'utf8');
  const problems = silencers.test(source) ? ['silences the compiler or a boundary rule'] : [];
  // A test may reach for what it tests with; the boundary is for what ships.
  if (/\.test\.tsx?$/.test(file)) return problems;
  const from = placeOf(root, file);
  if (from === undefined) return [...problems, 'is in no part of the table in scripts/boundaries.mjs'];
  if (from.part !== 'store' && sql.test(source)) problems.push('holds SQL, which lives in src/main/store alone');
  return [...problems, ...importsOf(file, source).flatMap(found => judge(root, file, from, found))];
}

function judge(root, file, from, { specifier, isType }) {
  if (specifier === undefined) return ['imports a computed path'];
  const rules = table[from.part];
  if (!specifier.startsWith('.')) return judgePackage(from.part, rules, specifier);
  const to = placeOf(root, resolve(dirname(file), specifier));
  if (to === undefined)
    return /\.(?:css|svg|png|json)(?:\?\w+)?$/.test(specifier) ? [] : [`imports ${specifier}, which is in no known part`];
  if (to.part === from.part) return judgeSibling(from, to, specifier);
  const isAllowed = allows(rules.uses, to.part) || (isType && allows(rules.types ?? [], to.part));
  if (isAllowed) return [];
  const hint = allows(rules.types ?? [], to.part) ? ' (only its types)' : '';
  return [`${from.part} may not use ${to.part}${hint}: ${specifier}`];
}

function judgeSibling(from, to, specifier) {
  const meetingPlaces = separateSiblings[from.part];
  if (meetingPlaces === undefined || from.sibling === to.sibling || meetingPlaces.includes(from.sibling)) return [];
  return [`${from.part} never import each other: ${specifier}`];
}

function judgePackage(part, rules, specifier) {
  const name = specifier.startsWith('@') ? specifier.split('/').slice(0, 2).join('/') : specifier.split('/')[0];
  const owners = onlyIn[name];
  if (owners !== undefined && !owners.includes(part)) return [`${name} belongs to ${owners.join(' and ')} alone`];
  const isBuiltin = specifier.startsWith('node:') || builtinModules.includes(specifier);
  if (isBuiltin) return rules.packages.includes('node') ? [] : [`${part} runs without Node: ${specifier}`];
  return rules.packages.includes(name) || rules.packages.includes('*') ? [] : [`${part} may not use the package ${name}`];
}

const allows = (parts, part) => parts.includes(part) || parts.includes(`${part.split('/')[0]}/*`);

/** The part a file belongs to and, inside it, which sibling it is; undefined outside the table. */
function placeOf(root, file) {
  const [area, ...rest] = relative(join(root, 'src'), file).split(sep);
  if (area === 'shared' || area === 'preload') return { part: area, sibling: rest[0] };
  if (area === 'renderer') return rendererPlace(rest);
  if (area !== 'main') return undefined;
  const part = rest.length === 1 ? entries[rest[0]] : rest[0];
  return part !== undefined && Object.hasOwn(table, part) ? { part, sibling: siblingName(rest[1]) } : undefined;
}

/** Files directly in `src/renderer` (the entry) belong to the app. */
function rendererPlace(rest) {
  const part = rest.length === 1 ? 'renderer/app' : `renderer/${rest[0]}`;
  return Object.hasOwn(table, part) ? { part, sibling: siblingName(rest[1]) } : undefined;
}

/** `stages/record.ts` and `stages/record/…` are one sibling; `order.ts` keeps its name as a meeting place. */
const siblingName = name => (name === undefined || name === 'order.ts' ? name : name.replace(/\.tsx?$/, ''));

/** All imports of a source: static, re-exports and dynamic ones. */
function importsOf(file, source) {
  const { module, errors } = parseSync(file, source);
  if (errors.length > 0) throw new Error(`${file} does not parse: ${errors[0].message}`);
  const fixed = module.staticImports.map(({ moduleRequest, entries }) => ({
    specifier: moduleRequest.value,
    isType: entries.length > 0 && entries.every(entry => entry.isType),
  }));
  const passedOn = module.staticExports
    .flatMap(({ entries }) => entries)
    .filter(({ moduleRequest }) => moduleRequest)
    .map(({ moduleRequest, isType }) => ({ specifier: moduleRequest.value, isType }));
  const dynamic = module.dynamicImports.map(({ moduleRequest }) => {
    const literal = /^['"`]([^'"`$]+)['"`]$/.exec(source.slice(moduleRequest.start, moduleRequest.end));
    return { specifier: literal?.[1], isType: false };
  });
  return [...fixed, ...passedOn, ...dynamic];
}
