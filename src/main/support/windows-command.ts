/**
 * Finds what a bare command means on Windows. `npx` is `npx.cmd`, and Node starts no batch file by itself:
 * those go through cmd.exe, with every argument quoted twice (for the program and for cmd).
 */
import { win32 } from 'node:path';

export interface WindowsWorld {
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly cwd: string;
  readonly isFile: (path: string) => boolean;
}

export interface StartCommand {
  readonly file: string;
  readonly args: readonly string[];
  /** The arguments are quoted already. */
  readonly isVerbatim: boolean;
}

const cmdMetaCharacters = /[()\][%!^"`<>&|;, *?]/g;

/** What to hand to spawn for `command args…`. Unknown commands are handed on as they are, so that spawn says ENOENT. */
export function windowsCommand(command: string, args: readonly string[], world: WindowsWorld): StartCommand {
  const file = find(command, world);
  if (file === undefined || !/\.(?:cmd|bat)$/i.test(file)) return { file: file ?? command, args, isVerbatim: false };
  const line = [win32.normalize(file).replaceAll(cmdMetaCharacters, '^$&'), ...args.map(quoteForBatch)].join(' ');
  return { file: world.env['ComSpec'] ?? 'cmd.exe', args: ['/d', '/s', '/c', `"${line}"`], isVerbatim: true };
}

function find(command: string, { env, cwd, isFile }: WindowsWorld): string | undefined {
  const extensions = (env['PATHEXT'] ?? '.COM;.EXE;.BAT;.CMD').split(';').filter(extension => extension !== '');
  const hasPath = /[\\/:]/.test(command);
  const path = env['PATH'] ?? env['Path'] ?? '';
  const places = hasPath
    ? [win32.resolve(cwd, command)]
    : [cwd, ...path.split(';').filter(place => place !== '')].map(place => win32.join(place, command));
  const names = places.flatMap(place =>
    (win32.extname(place) === '' ? [] : [place]).concat(extensions.map(extension => place + extension.toLowerCase())),
  );
  return names.find(isFile);
}

/** By the rules of CommandLineToArgvW, then escaped for cmd, then once more because a batch file expands `%*` again. */
function quoteForBatch(argument: string): string {
  const quoted = `"${argument.replaceAll(/(\\*)"/g, '$1$1\\"').replace(/(\\*)$/, '$1$1')}"`;
  return quoted.replaceAll(cmdMetaCharacters, '^$&').replaceAll(cmdMetaCharacters, '^$&');
}
