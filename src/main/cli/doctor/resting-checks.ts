/** What would keep a configuration from being served here, before it is: ports, servers that do not answer, commands that are not there. */
import type { Config } from '../../../shared/config/schema.ts';
import type { Check } from '../../../shared/model/host.ts';
import { missingCommands } from '../../settings/config-checks/missing-commands.ts';
import { whyNotBound, whyUnreachable } from './reach.ts';

export async function restingChecks(config: Config): Promise<Check[]> {
  const { listeners, admin } = config;
  const doors = [
    ...listeners.map(({ name, host, port }) => ({ name: `Listener ${name}`, host, port })),
    ...(admin.enabled ? [{ name: 'Admin listener', host: admin.host, port: admin.port }] : []),
  ];
  return [
    ...(await Promise.all(doors.map(doorCheck))),
    ...(await Promise.all(Object.keys(config.upstreams).map(name => upstreamCheck(config, name)))),
  ];
}

async function doorCheck({ name, host, port }: { readonly name: string; readonly host: string; readonly port: number }): Promise<Check> {
  const problem = port === 0 ? undefined : await whyNotBound(host, port);
  if (problem === undefined) return { name, state: 'ok', detail: port === 0 ? 'any free port' : `${host}:${port} is free`, advice: '' };
  const [detail, advice] = sentences[problem] ?? [`cannot be used (${problem})`, 'Give it another host or port.'];
  return { name, state: 'fail', detail: `${host}:${port} ${detail}`, advice };
}

const sentences: Readonly<Record<string, readonly [detail: string, advice: string]>> = {
  EADDRINUSE: ['is taken by another program', 'End that program, or give it another port.'],
  EACCES: ['may not be used by this user', 'Give it a port above 1023.'],
  EADDRNOTAVAIL: ['is no address of this machine', 'Give it a host that this machine has, or 127.0.0.1.'],
};

async function upstreamCheck(config: Config, upstream: string): Promise<Check> {
  const name = `Upstream ${upstream}`;
  const instances = config.upstreams[upstream]?.instances.filter(({ disabled }) => !disabled) ?? [];
  const missing = missingCommands(process.env)(config).find(({ path }) => path[1] === upstream);
  if (missing !== undefined)
    return { name, state: 'warn', detail: missing.message, advice: 'Look where the gateway will start, whose PATH counts.' };
  const urls = instances.flatMap(({ url }) => url ?? []);
  const silent = (await Promise.all(urls.map(async url => ({ url, why: await whyUnreachable(url) })))).filter(
    ({ why }) => why !== undefined,
  );
  const [first] = silent;
  if (first === undefined) return { name, state: 'ok', detail: urls.length === 0 ? 'its command is there' : 'answers', advice: '' };
  return {
    name,
    state: 'warn',
    detail: `${new URL(first.url).host} does not answer from here (${first.why ?? ''})`,
    advice: 'Start the server, or correct its url; calls to it fail until then.',
  };
}
