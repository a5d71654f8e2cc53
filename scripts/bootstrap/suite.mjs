/** The steps of `npm test` in their order, and how the counts of each are read. */
import { mkdirSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { inProject, root } from './project.mjs';
import { run } from './run.mjs';
import { say } from './screen.mjs';
import { LastWords } from './last-words.mjs';

/** Steps as `{name, title, run}`; `run` resolves to `{passed, failed, skipped}`. */
export function suiteSteps({ node, electron, ensureBuilt, ensureBrowser, ensureReferenceParser }) {
  const tool = (...parts) => inProject('node_modules', ...parts);
  // The tools' own children (workers, servers started by tests) must find this Node first, too.
  const env = { ...process.env, PATH: `${tool('.bin')}${process.platform === 'win32' ? ';' : ':'}${process.env.PATH}` };
  const check = (...args) => asCheck(() => run(node, args, { cwd: root, env }));
  const vitest = (project, more = {}) => vitestRun({ node, cli: tool('vitest', 'vitest.mjs'), project, env: { ...env, ...more } });
  const withBrowser = async work => work({ CHROME_PATH: await ensureBrowser(node) });

  return [
    { name: 'types', title: 'tsc --build', run: () => check(tool('typescript', 'bin', 'tsc'), '--build') },
    { name: 'lint', title: 'oxlint, type-aware', run: () => check(tool('oxlint', 'bin', 'oxlint'), ...lintArguments) },
    { name: 'boundaries', title: 'who may import whom', run: () => check(inProject('scripts', 'check-boundaries.mjs')) },
    {
      name: 'format',
      title: 'prettier --check',
      run: () => check(tool('prettier', 'bin', 'prettier.cjs'), '--check', '--cache', '--log-level', 'warn', '.'),
    },
    { name: 'unit', title: 'vitest, project engine', run: () => vitest('engine') },
    { name: 'build', title: 'electron-vite build', run: () => asCheck(async () => (await ensureBuilt(node), { code: 0 })) },
    {
      name: 'flow',
      title: 'vitest, project flow: real sockets and processes, contract, conformance',
      run: () => ensureReferenceParser().then(() => vitest('flow')),
    },
    { name: 'components', title: 'vitest, project browser', run: () => withBrowser(more => vitest('browser', more)) },
    {
      name: 'e2e',
      title: `playwright, headless host and desktop host on ${electron ? 'Electron' : 'the test double of Electron (no Electron binary here)'}`,
      run: () => withBrowser(more => playwrightRun({ node, cli: tool('@playwright', 'test', 'cli.js'), env: { ...env, ...more } })),
    },
  ];
}

/** Also the `lint` script of package.json; kept equal by a test. */
export const lintArguments = ['--type-aware', '--deny-warnings'];

async function asCheck(work) {
  const { code } = await work();
  return { passed: 0, failed: code === 0 ? 0 : 1, skipped: 0 };
}

async function vitestRun({ node, cli, project, env }) {
  return withReport(async file => {
    const lastWords = new LastWords();
    const { code } = await run(
      node,
      [cli, 'run', '--project', project, '--reporter=default', '--reporter=json', `--outputFile.json=${file}`],
      { cwd: root, env, onErrorText: text => lastWords.hear(text) },
    );
    if (code !== 0 && lastWords.text !== '') say(`\nWhat a process said as it died:\n${lastWords.text}`);
    return {
      code,
      read: report => ({
        passed: report.numPassedTests,
        failed: report.numFailedTests,
        skipped: report.numPendingTests + report.numTodoTests,
      }),
    };
  });
}

async function playwrightRun({ node, cli, env }) {
  return withReport(async file => {
    const { code } = await run(node, [cli, 'test', '--reporter=list,json'], {
      cwd: root,
      env: { ...env, PLAYWRIGHT_JSON_OUTPUT_NAME: file },
    });
    return { code, read: readPlaywright };
  });
}

function readPlaywright({ stats }) {
  if (stats.flaky > 0) say(`${stats.flaky} passed only on a second attempt`);
  return { passed: stats.expected + stats.flaky, failed: stats.unexpected, skipped: stats.skipped };
}

/** Runs a test tool and reads its JSON report; a bad exit without a failed test still counts as one failure. */
async function withReport(work) {
  mkdirSync(inProject('node_modules', '.cache'), { recursive: true });
  const folder = mkdtempSync(inProject('node_modules', '.cache', 'report-'));
  const file = join(folder, 'report.json');
  try {
    const { code, read } = await work(file);
    const counts = readCounts(file, read);
    return code !== 0 && counts.failed === 0 ? { ...counts, failed: 1 } : counts;
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

function readCounts(file, read) {
  try {
    return read(JSON.parse(readFileSync(file, 'utf8')));
  } catch {
    // No report means the tool died before its end.
    return { passed: 0, failed: 1, skipped: 0 };
  }
}
