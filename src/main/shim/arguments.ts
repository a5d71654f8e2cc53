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
  // `shadowcat wrap …` hands over its whole command line.
  const words = argv[0] === 'wrap' ? argv.slice(1) : [...argv];
  const options: { -readonly [K in keyof Options]: Options[K] } = { name: '', dataDir: undefined, isHostRequired: false };
  while (words[0]?.startsWith('-') === true && words[0] !== '--') {
    const problem = readOption(words, options);
    if (problem !== undefined) return problem;
  }
  const [command, ...args] = words[0] === '--' ? words.slice(1) : words;
  return command === undefined || command === ''
    ? { kind: 'bad', message: 'no command to run' }
    : { kind: 'run', ...options, command, args };
}

type Options = Pick<Extract<ShimArguments, { kind: 'run' }>, 'name' | 'dataDir' | 'isHostRequired'>;

/** Takes one option off the front of `words`. Returns what stands in the way of a run. */
function readOption(words: string[], options: { -readonly [K in keyof Options]: Options[K] }): ShimArguments | undefined {
  const [option, inline] = split(words.shift() as string);
  switch (option) {
    case '--help':
    case '-h':
      return { kind: 'help' };
    case '--require-host':
      options.isHostRequired = true;
      return undefined;
    case '--name':
    case '--data-dir': {
      const value = inline ?? words.shift();
      if (value === undefined || value === '') return { kind: 'bad', message: `${option} needs a value` };
      options[option === '--name' ? 'name' : 'dataDir'] = value;
      return undefined;
    }
    default:
      return { kind: 'bad', message: `unknown option ${option}` };
  }
}

function split(word: string): [option: string, inline: string | undefined] {
  const equals = word.indexOf('=');
  return equals === -1 ? [word, undefined] : [word.slice(0, equals), word.slice(equals + 1)];
}
