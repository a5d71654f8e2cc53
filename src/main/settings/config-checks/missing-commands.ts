/** Commands of upstreams that are not to be found where this runs: a warning, as the file may be meant for another place. */
import { statSync } from 'node:fs';
import { delimiter, join, resolve } from 'node:path';
import type { InstanceConfig } from '../../../shared/config/schema.ts';
import { quoted } from '../config-problem.ts';
import { type ConfigCheck, warning } from './check.ts';

/** `env` is the environment that the gateway would start them from. Windows has further rules for names, so that nothing is said there. */
export function missingCommands(env: Readonly<Record<string, string | undefined>>): ConfigCheck {
  if (process.platform === 'win32') return () => [];
  return config =>
    Object.entries(config.upstreams).flatMap(([name, { instances }]) =>
      instances.flatMap((instance, at) => {
        const why = whyMissing(instance, env['PATH'] ?? '');
        return why === undefined ? [] : [warning(['upstreams', name, 'instances', at, 'command'], why)];
      }),
    );
}

function whyMissing({ command, cwd = '', env }: InstanceConfig, ownPath: string): string | undefined {
  const path = env['PATH'] ?? ownPath;
  // What a reference stands for is known to the gateway alone.
  if (command === undefined || [command, cwd, path].some(text => text.includes('${'))) return undefined;
  if (command.includes('/'))
    return isFile(resolve(cwd, command)) ? undefined : `There is no file ${quoted(command)} here. Install it where the gateway starts.`;
  if (path.split(delimiter).some(place => isFile(resolve(cwd, join(place, command))))) return undefined;
  return `${quoted(command)} was not found on PATH. Install it where the gateway starts, or name it with its directory.`;
}

function isFile(path: string): boolean {
  try {
    return statSync(path, { throwIfNoEntry: false })?.isFile() === true;
  } catch {
    return false;
  }
}
