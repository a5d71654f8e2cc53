#!/usr/bin/env node
/**
 * The `shadowcat` command. Imports nothing before it knows what is wanted: `wrap` must start fast and on any Node from
 * 20 on, `--help` must not open a database, and everything else crashes without a word on an old Node.
 */
const [command, ...rest] = process.argv.slice(2);

if (command === 'wrap') {
  process.argv = [process.argv[0] ?? 'node', process.argv[1] ?? 'shim', ...rest];
  await import('./shim.ts');
} else if (Number(process.versions.node.split('.')[0]) < 22) {
  process.stderr.write(`shadowcat: this is Node ${process.versions.node}; Shadowcat needs Node 22 or newer (https://nodejs.org)\n`);
  process.exitCode = 1;
} else {
  const { runCommandLine } = await import('./cli/run-command-line.ts');
  process.exitCode = await runCommandLine(process.argv.slice(2), import.meta.filename);
}
