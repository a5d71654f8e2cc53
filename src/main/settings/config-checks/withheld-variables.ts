/**
 * Runners of packages that need a variable of this environment to reach their registry, and would not be given it: a server gets
 * only what its `env` says. Such a runner says nothing and waits, so that clients see a time-out; hence a warning beforehand.
 */
import type { InstanceConfig } from '../../../shared/config/schema.ts';
import { type ConfigCheck, warning } from './check.ts';

const runners = /^(?:npx|npm|pnpm|pnpx|yarn|bunx|uvx|uv|pipx)(?:\.exe|\.cmd)?$/i;

/** A proxy to go through, and certificates of one that looks into TLS. Some programs read the small letters alone. */
const variables = ['HTTPS_PROXY', 'https_proxy', 'HTTP_PROXY', 'http_proxy', 'ALL_PROXY', 'all_proxy', 'NODE_EXTRA_CA_CERTS'];

/** `env` is the environment that the gateway would start them from. */
export function withheldVariables(env: Readonly<Record<string, string | undefined>>): ConfigCheck {
  return config =>
    Object.entries(config.upstreams).flatMap(([name, { instances }]) =>
      instances.flatMap((instance, at) => {
        const names = withheldFrom(instance, env);
        if (instance.disabled || names.length === 0) return [];
        const given = names.map(variable => `${variable}: "\${env:${variable}}"`).join(', ');
        return [
          warning(
            ['upstreams', name, 'instances', at, 'command'],
            `A server gets only the variables of its env, so ${instance.command ?? ''} may not reach its registry from here. Add env: { ${given} }, or install the server beforehand.`,
          ),
        ];
      }),
    );
}

function withheldFrom({ command = '', env: given }: InstanceConfig, env: Readonly<Record<string, string | undefined>>): string[] {
  const program = command.replaceAll('\\', '/').split('/').at(-1) ?? '';
  if (!runners.test(program)) return [];
  const readsNode = !/^(?:uvx|uv|pipx)/i.test(program);
  return variables.filter(name => (env[name] ?? '') !== '' && given[name] === undefined && (readsNode || !name.startsWith('NODE_')));
}
