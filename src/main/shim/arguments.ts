/** The command line of `wrap`: `[--name N] [--data-dir D] [--require-host] [--] command args…`. */

export type ShimArguments =
  | {
      readonly kind: 'run';
      readonly name: string;
      readonly dataDir: string | undefined;
      readonly isHostRequired: boolean;
      readonly command: string;
      readonly args: readonly string[];
    }
  | { readonly kind: 'help' }
  | { readonly kind: 'bad'; readonly message: string };

export const usage = `Usage: shadowcat wrap [--name N] [--data-dir D] [--require-host] -- command args…

Runs an MCP server over stdio and records what it and its client say to each other.
Stands in a client's configuration in place of the server's own command.

  --name N         call the server N in lists
  --data-dir D     where Shadowcat keeps its data
  --require-host   do not start the server unless a Shadowcat host is running

The exit code is the server's. Of Shadowcat itself: 125 bad arguments, or no host
with --require-host; 126 the command cannot be run; 127 it was not found.
`;

/** Reads the arguments behind `wrap`. Options end at `--` or at the command. */
export function readArguments(argv: readonly string[]): ShimArguments {
  let name = '';
  let dataDir: string | undefined;
  let isHostRequired = false;
  // `shadowcat wrap …` hands over its whole command line.
  let at = argv[0] === 'wrap' ? 1 : 0;
  for (; at < argv.length; at += 1) {
    const word = argv[at] as string;
    if (word === '--') {
      at += 1;
      break;
    }
    if (!word.startsWith('-')) break;
    const [option, inline] = split(word);
    if (option === '--help' || option === '-h') return { kind: 'help' };
    if (option === '--require-host') {
      isHostRequired = true;
      continue;
    }
    if (option !== '--name' && option !== '--data-dir') return { kind: 'bad', message: `unknown option ${option}` };
    const value = inline ?? argv[(at += 1)];
    if (value === undefined || value === '') return { kind: 'bad', message: `${option} needs a value` };
    if (option === '--name') name = value;
    else dataDir = value;
  }
  const command = argv[at];
  if (command === undefined || command === '') return { kind: 'bad', message: 'no command to run' };
  return { kind: 'run', name, dataDir, isHostRequired, command, args: argv.slice(at + 1) };
}

function split(word: string): [option: string, inline: string | undefined] {
  const equals = word.indexOf('=');
  return equals === -1 ? [word, undefined] : [word.slice(0, equals), word.slice(equals + 1)];
}
