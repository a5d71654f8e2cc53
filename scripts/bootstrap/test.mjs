/**
 * `npm test`: the whole suite, cheapest step first, each with its own time, ending in one plain line with the
 * counts. `--only NAME` (repeatable) runs single steps while developing; `--keep-going` does not stop at a failure.
 */
import { ensureBrowser } from './browser.mjs';
import { ensureBuilt } from './build.mjs';
import { ensureInstalled } from './install.mjs';
import { installedElectron } from './electron.mjs';
import { projectNode } from './node.mjs';
import { ensureReferenceParser } from './open-metrics.mjs';
import { suiteSteps } from './suite.mjs';
import { say, seconds } from './screen.mjs';

export async function test(args) {
  const options = readOptions(args);
  if (typeof options === 'string') {
    process.stderr.write(`${options}\n`);
    return 2;
  }
  await ensureInstalled();
  const node = projectNode();
  const suite = suiteSteps({ node, electron: installedElectron(), ensureBuilt, ensureBrowser, ensureReferenceParser });
  const chosen = suite.filter(({ name }) => options.only.length === 0 || options.only.includes(name));
  const unknown = options.only.filter(name => !suite.some(step => step.name === name));
  if (unknown.length > 0) {
    process.stderr.write(`No such step: ${unknown.join(', ')}. Steps: ${suite.map(step => step.name).join(', ')}\n`);
    return 2;
  }

  const results = [];
  for (const step of chosen) {
    say(`\n── ${step.name}: ${step.title}`);
    const startedAt = Date.now();
    const counts = await step.run();
    results.push({ name: step.name, durationMs: Date.now() - startedAt, ...counts });
    if (counts.failed > 0 && !options.keepGoing) break;
  }
  return report(results, chosen.length);
}

/** Prints a line per step and, last, the counts of all tests; a check that fails counts as one failure. */
function report(results, chosenCount) {
  say('');
  for (const { name, durationMs, passed, failed, skipped } of results) {
    const counts = passed + failed + skipped === 0 ? 'ok' : `${passed} passed, ${failed} failed${skipped ? `, ${skipped} skipped` : ''}`;
    say(`${failed > 0 ? '✗' : '✓'} ${name.padEnd(12)} ${seconds(durationMs).padStart(8)}   ${counts}`);
  }
  if (results.length < chosenCount)
    say(`Stopped at the first failing step; ${chosenCount - results.length} not run (--keep-going runs them all).`);
  const sum = key => results.reduce((total, result) => total + result[key], 0);
  say(`${sum('passed')} passed, ${sum('failed')} failed`);
  return sum('failed') > 0 ? 1 : 0;
}

function readOptions(args) {
  const options = { only: [], keepGoing: false };
  for (let at = 0; at < args.length; at += 1) {
    if (args[at] === '--keep-going') options.keepGoing = true;
    else if (args[at] === '--only' && args[at + 1] !== undefined) options.only.push(...args[(at += 1)].split(','));
    else return `Unknown option "${args[at]}". Usage: npm test -- [--only STEP[,STEP]] [--keep-going]`;
  }
  return options;
}
