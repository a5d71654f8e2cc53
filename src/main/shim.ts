/** Entry of the shim: what a client's configuration runs in place of a server. Never writes anything of its own to stdout. */
import { readArguments, usage } from './shim/arguments.ts';
import { exitCodes, wrap } from './shim/wrap.ts';

const args = readArguments(process.argv.slice(2));
switch (args.kind) {
  case 'run':
    void wrap(args);
    break;
  case 'help':
    process.stderr.write(usage);
    break;
  case 'bad':
    process.stderr.write(`shadowcat: ${args.message}\n\n${usage}`);
    process.exitCode = exitCodes.own;
}
