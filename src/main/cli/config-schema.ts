/** `config schema`: the JSON Schema of the configuration, for editors. */
import { configJsonSchema } from '../settings/config-schema.ts';
import type { Command } from './command.ts';
import { exitCodes } from './exit-codes.ts';

export const configSchema: Command = {
  usage: 'config schema',
  help: `Prints the JSON Schema of the configuration. Editors complete and check with it; for the YAML language server write
# yaml-language-server: $schema=./shadowcat.schema.json into the first line of the file.`,
  flags: {},
  words: { min: 0, max: 0 },
  async run({ screen }) {
    await screen.write(configJsonSchema());
    return exitCodes.ok;
  },
};
