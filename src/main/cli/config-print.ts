/** `config print`: what is in force once file, variables and defaults are joined. */
import { effectiveConfig, effectiveYaml } from '../settings/effective-config.ts';
import type { Command } from './command.ts';
import { findingLines, readConfigFile } from './config-file.ts';
import { CommandError, exitCodes } from './exit-codes.ts';

export const configPrint: Command = {
  usage: 'config print [FILE] [--origin] [--json]',
  help: `Prints FILE (default: shadowcat.yaml in the data directory) as it is in force: with the variables SHADOWCAT__… on top
and with all defaults. References to secrets stay references; secrets that stand in the file are hidden.
  --origin         say of each value where it came from: a line of the file, a variable, or the default
  --json           the same as JSON; with --origin {"config":…,"origins":{"admin.port":"line 3"}}`,
  flags: { origin: { type: 'boolean' } },
  words: { min: 0, max: 1 },
  async run(input) {
    const found = await readConfigFile(input);
    if (!found.read.ok)
      throw new CommandError(exitCodes.failed, `${found.file} cannot be used.\n${findingLines(found).join('').trimEnd()}`);
    const effective = effectiveConfig(found.read);
    const hasOrigins = input.flags['origin'] === true;
    const { value, origins } = effective;
    const json = hasOrigins ? { config: value, origins: Object.fromEntries(origins) } : value;
    await input.screen.write(input.isJson ? `${JSON.stringify(json)}\n` : effectiveYaml(effective, hasOrigins));
    return exitCodes.ok;
  },
};
