/** The help texts. */
import type { Command } from './command.ts';
import { commandList } from './command-list.ts';

const globalHelp = `Flags of every command:
  --data-dir D     where Shadowcat keeps its data (or SHADOWCAT_DATA_DIR)
  --json           JSON for programs instead of text for people
  --log-level L    log to stderr as JSON lines: debug, info, warn, error, silent
                   (default: silent; warn with --json; what runs a configuration follows its logging)
  -h, --help       this help
`;

/** What `shadowcat --help` says. */
export function generalHelp(): string {
  const width = Math.max(...commandList.map(({ name }) => name.length));
  const commands = commandList.map(({ name, summary }) => `  ${name.padEnd(width)}  ${summary}\n`).join('');
  return `Shadowcat shows and records what MCP clients and servers really say to each other.

Usage: shadowcat <command> [flags]

${commands}
Without a command: the window, on the desktop or in a browser tab.
Short forms: "shadowcat URL" is "shadowcat proxy --upstream URL", "shadowcat -- command args…" is
"shadowcat wrap -- command args…"; flags follow the URL and stand before the dashes.

${globalHelp}  --version        the version

Exit codes: 0 done, 1 failed, 2 wrong usage, 3 no such session or name, 4 directory, port or host not available.
`;
}

/** What `shadowcat <first word> --help` says of several commands; undefined where no command begins so. */
export function groupHelp(first: string): string | undefined {
  const group = commandList.filter(({ name }) => name.startsWith(`${first} `));
  if (group.length === 0) return undefined;
  const width = Math.max(...group.map(({ name }) => name.length));
  const commands = group.map(({ name, summary }) => `  ${name.padEnd(width)}  ${summary}\n`).join('');
  return `Usage: shadowcat ${first} <command> [flags]\n\n${commands}\nEach has its own help: shadowcat ${group[0]?.name ?? first} --help\n\n${globalHelp}`;
}

/** What `shadowcat <command> --help` says. */
export function commandHelp(command: Command): string {
  return `Usage: shadowcat ${command.usage}\n\n${command.help.trimEnd()}\n\n${globalHelp}`;
}
