#!/usr/bin/env node
/**
 * The `shadowcat` command. Imports nothing before it knows what is wanted: `wrap` must start fast and on any Node from
 * 20 on, `--help` must not open a database, and everything else crashes without a word on an old Node.
 */
const wrapArguments = wrapArgumentsOf(process.argv.slice(2));

if (wrapArguments !== undefined) {
  process.argv = [process.argv[0] ?? 'node', process.argv[1] ?? 'shim', ...wrapArguments];
  await import('./shim.ts');
} else if (Number(process.versions.node.split('.')[0]) < 22) {
  process.stderr.write(`shadowcat: this is Node ${process.versions.node}; Shadowcat needs Node 22 or newer (https://nodejs.org)\n`);
  process.exitCode = 1;
} else {
  const { runCommandLine } = await import('./cli/run-command-line.ts');
  process.exitCode = await runCommandLine(process.argv.slice(2), import.meta.filename);
}

/** What stands behind `wrap`, or the whole of `[flags of wrap] -- command`, its short form; else undefined. */
function wrapArgumentsOf(words: readonly string[]): readonly string[] | undefined {
  if (words[0] === 'wrap') return words.slice(1);
  let at = 0;
  for (let word = words[0]; word !== undefined && /^--(?:name|data-dir|require-host)\b/.test(word); word = words[at]) {
    const takesNext = word === '--name' || word === '--data-dir';
    at += takesNext ? 2 : 1;
  }
  return words[at] === '--' ? words : undefined;
}
