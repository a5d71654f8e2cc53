/** `config history`: the configurations that were in force, and what changed since one of them. */
import type { ConfigVersion } from '../../shared/model/gateway-state.ts';
import { type CallHost, withHost } from './call-host.ts';
import type { Command } from './command.ts';
import { CommandError, exitCodes } from './exit-codes.ts';
import { localTime } from './formats.ts';
import { printable, table } from './screen.ts';

export const configHistory: Command = {
  usage: 'config history [--diff HASH] [--json]',
  help: `Lists the newest ten configurations that were in force in the data directory, newest first.
  --diff HASH      what the newest one has differently from that one; the beginning of a hash will do, or "previous"
  --json           an array of versions; with --diff {"text":…}`,
  flags: { diff: { type: 'string' } },
  words: { min: 0, max: 0 },
  async run(input) {
    const { flags, isJson, screen } = input;
    return withHost(input, async ({ call }) => {
      const { versions } = await call('config.history', {});
      if (typeof flags['diff'] === 'string') {
        const from = versionOf(versions, flags['diff']);
        const { text } = await call('config.diff', { from: from.hash, to: versions[0]?.hash ?? from.hash });
        if (isJson) await screen.write(`${JSON.stringify({ text })}\n`);
        else await screen.write(text === '' ? 'Nothing changed.\n' : `${text.trimEnd().split('\n').map(printable).join('\n')}\n`);
      } else if (isJson) await screen.write(`${JSON.stringify(versions)}\n`);
      else if (versions.length === 0) await screen.write('No configuration was in force here yet.\n');
      else await screen.write(table(columns, rowsOf(versions), screen.isTerminal ? screen.columns : 0));
      return exitCodes.ok;
    });
  },
};

const columns = [{ title: 'HASH' }, { title: 'TAKEN' }, { title: 'STATE' }, { title: 'REASON' }] as const;

/** A text that was brought back stands there twice; the newest place is the one that counts. */
function rowsOf(versions: readonly ConfigVersion[]): string[][] {
  const current = versions.find(({ isInForce }) => isInForce);
  return versions.map(version => {
    const { hash, at, reason } = version;
    return [hash.slice(0, 12), localTime(at), version === current ? 'in force' : '', reason];
  });
}

/** The version whose hash begins so; `previous` is the one before the newest. Ends the command where there is none, or more than one. */
export function versionOf(versions: readonly ConfigVersion[], wanted: string): ConfigVersion {
  const matches = wanted === 'previous' ? versions.slice(1, 2) : versions.filter(({ hash }) => wanted !== '' && hash.startsWith(wanted));
  const [first, second] = matches;
  if (first === undefined)
    throw new CommandError(exitCodes.failed, `There is no configuration ${wanted}. "shadowcat config history" shows all.`);
  if (second !== undefined && second.hash !== first.hash)
    throw new CommandError(exitCodes.failed, `Several configurations begin with ${wanted}; write more of the hash.`);
  return first;
}

/** Of a host that answers. */
export async function findVersion(call: CallHost, wanted: string): Promise<ConfigVersion> {
  return versionOf((await call('config.history', {})).versions, wanted);
}
