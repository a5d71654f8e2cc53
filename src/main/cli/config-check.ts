/** `config check`: whether a configuration can be used, and if not, where it is wrong. */
import type { Command } from './command.ts';
import { findingLines, readConfigFile } from './config-file.ts';
import { exitCodes } from './exit-codes.ts';

export const configCheck: Command = {
  usage: 'config check [FILE] [--json]',
  help: `Reads FILE (default: shadowcat.yaml in the data directory) with the variables SHADOWCAT__… on top, and prints what is
wrong as file:line:column: sentence. Ends with 0 when the configuration can be used, warnings or not, else with 1.
  --json           {"ok":…,"file":…,"problems":[{"line","column","path","message"}],"warnings":[…]}`,
  flags: {},
  words: { min: 0, max: 1 },
  async run(input) {
    const found = await readConfigFile(input);
    const { file, read } = found;
    const exit = read.ok ? exitCodes.ok : exitCodes.failed;
    const problems = read.ok ? [] : read.problems;
    if (input.isJson) {
      await input.screen.write(`${JSON.stringify({ ok: read.ok, file, problems, warnings: read.warnings })}\n`);
      return exit;
    }
    for (const line of findingLines(found)) await input.screen.write(line);
    if (read.ok) await input.screen.write(`${file} can be used${counted(read.warnings.length)}.\n`);
    else input.screen.remark(`shadowcat: ${file} cannot be used: ${problems.length} ${problems.length === 1 ? 'problem' : 'problems'}.`);
    return exit;
  },
};

function counted(warnings: number): string {
  if (warnings === 0) return '';
  return ` (${warnings} ${warnings === 1 ? 'warning' : 'warnings'})`;
}
