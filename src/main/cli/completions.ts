/** `completions`: what a shell needs to complete our commands and flags. */
import { globalFlags, type Command } from './command.ts';
import { commandList } from './command-list.ts';
import { CommandError, exitCodes } from './exit-codes.ts';

export const completions: Command = {
  usage: 'completions bash|zsh|fish',
  help: `Prints a completion script. For bash: source <(shadowcat completions bash); for zsh the same with zsh;
for fish: shadowcat completions fish | source.`,
  flags: {},
  words: { min: 1, max: 1 },
  async run({ words, screen }) {
    const [shell = ''] = words;
    const script = Object.hasOwn(scripts, shell) ? scripts[shell as keyof typeof scripts] : undefined;
    if (script === undefined) throw new CommandError(exitCodes.usage, 'Completions exist for bash, zsh and fish.');
    await screen.write(script(await vocabulary()));
    return exitCodes.ok;
  },
};

interface Words {
  readonly firsts: readonly string[];
  /** Second words by first word. */
  readonly seconds: ReadonlyMap<string, readonly string[]>;
  /** Flags by command. */
  readonly flags: ReadonlyMap<string, readonly string[]>;
}

async function vocabulary(): Promise<Words> {
  const seconds = new Map<string, string[]>();
  const flags = new Map<string, string[]>();
  for (const { name, load } of commandList) {
    const [first = '', second] = name.split(' ');
    seconds.set(first, [...(seconds.get(first) ?? []), ...(second === undefined ? [] : [second])]);
    const command = await load();
    flags.set(
      name,
      Object.keys({ ...command.flags, ...globalFlags }).map(flag => `--${flag}`),
    );
  }
  return { firsts: [...seconds.keys(), 'help'], seconds, flags };
}

const bash = ({ firsts, seconds, flags }: Words) => `_shadowcat() {
  local word="\${COMP_WORDS[COMP_CWORD]}" first="\${COMP_WORDS[1]}" second="\${COMP_WORDS[2]}" words=""
  if [ "$COMP_CWORD" -eq 1 ]; then words="${firsts.join(' ')}"; else
    case "$first" in
${[...seconds]
  .filter(([, list]) => list.length > 0)
  .map(([first, list]) => `      ${first}) [ "$COMP_CWORD" -eq 2 ] && words="${list.join(' ')}" ;;`)
  .join('\n')}
    esac
    case "$first $second" in
${[...flags]
  .filter(([name]) => name.includes(' '))
  .map(([name, list]) => `      "${name}") words="${list.join(' ')}" ;;`)
  .join('\n')}
    esac
    case "$first" in
${[...flags]
  .filter(([name]) => !name.includes(' '))
  .map(([name, list]) => `      ${name}) words="${list.join(' ')}" ;;`)
  .join('\n')}
    esac
  fi
  COMPREPLY=($(compgen -W "$words" -- "$word"))
}
complete -o default -F _shadowcat shadowcat
`;

const scripts = {
  bash,
  zsh: (words: Words) => `autoload -U +X bashcompinit && bashcompinit\n${bash(words)}`,
  fish: ({ firsts, seconds, flags }: Words) =>
    [
      `complete -c shadowcat -n __fish_use_subcommand -f -a '${firsts.join(' ')}'`,
      ...[...seconds]
        .filter(([, list]) => list.length > 0)
        .map(
          ([first, list]) =>
            `complete -c shadowcat -n '__fish_seen_subcommand_from ${first}; and not __fish_seen_subcommand_from ${list.join(' ')}' -f -a '${list.join(' ')}'`,
        ),
      ...[...flags].flatMap(([name, list]) =>
        list.map(
          flag =>
            `complete -c shadowcat -n '${name
              .split(' ')
              .map(word => `__fish_seen_subcommand_from ${word}`)
              .join('; and ')}' -l ${flag.slice(2)}`,
        ),
      ),
      '',
    ].join('\n'),
};
