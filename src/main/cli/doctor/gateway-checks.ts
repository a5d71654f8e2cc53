/** What can be wrong with a gateway: the one that runs in the data directory, or the one that its configuration would be. */
import type { Config } from '../../../shared/config/schema.ts';
import { scanReferences } from '../../../shared/config/secret-references.ts';
import type { ConfigFile, GatewayStatus } from '../../../shared/model/gateway-state.ts';
import type { Check } from '../../../shared/model/host.ts';
import { lookAtIssuers } from '../../engine.ts';
import { systemClock } from '../../ports.ts';
import { everyText } from '../../settings/config-texts.ts';
import { problemText } from '../../settings/config-problem.ts';
import { readConfig } from '../../settings/read-config.ts';
import type { Reached } from '../call-host.ts';
import { restingChecks } from './resting-checks.ts';
import { runningChecks } from './running-checks.ts';

/** None where there is neither a configuration nor a gateway. */
export async function gatewayChecks({ call, isRunningHost }: Reached): Promise<Check[]> {
  const [status, file] = await Promise.all([call('gateway.status', {}), call('config.read', {})]);
  if (!file.exists && status.configHash === undefined) return [];
  const read = readConfig(file.text, { env: process.env });
  const config = file.exists && read.ok ? read.config : undefined;
  const isServed = isRunningHost && status.configHash !== undefined;
  const found = isServed
    ? await runningChecks(call, status)
    : { checks: config === undefined ? [] : await restingChecks(config), issuers: [] };
  return [
    configurationCheck(status, file, isRunningHost),
    ...found.checks,
    ...(config === undefined ? [] : vaultChecks(config, await call('secret.list', {}))),
    ...(await issuerChecks(config, found.issuers)),
  ];
}

function configurationCheck({ configHash, configProblems }: GatewayStatus, file: ConfigFile, isRunningHost: boolean): Check {
  const name = 'Gateway configuration';
  const { path, problems, warnings, exists } = file;
  const former = configHash === undefined ? '' : '; the one before is in force';
  const [problem] = problems;
  if (problem !== undefined)
    return {
      name,
      state: 'fail',
      detail: `${problemText(problem, path)}${more(problems.length)}${former}`,
      advice: `See them all: shadowcat config check ${path}${isRunningHost ? '. Saved without them, the file is taken at once.' : ''}`,
    };
  const [untaken] = configProblems;
  if (untaken !== undefined)
    return {
      name,
      state: 'fail',
      detail: `${path} was not taken: ${untaken}${more(configProblems.length)}${former}`,
      advice: 'Mend what the message names, then save the file again, or send SIGHUP to the host.',
    };
  if (!exists)
    return {
      name,
      state: 'warn',
      detail: `${path} is gone; what it said is in force until the host ends`,
      advice: 'Write it again, or bring it back: shadowcat config rollback HASH (see shadowcat config history).',
    };
  const [warning] = warnings;
  if (warning !== undefined)
    return {
      name,
      state: 'warn',
      detail: `${problemText(warning, path)}${more(warnings.length)}`,
      advice: `The file is taken all the same. See them all: shadowcat config check ${path}`,
    };
  const detail = configHash === undefined ? `${path} can be used; it is not in force` : `${path} is in force`;
  return { name, state: 'ok', detail, advice: configHash === undefined ? `Start it: shadowcat gateway --config ${path}` : '' };
}

function more(count: number): string {
  return count > 1 ? ` (and ${count - 1} more)` : '';
}

interface Vault {
  readonly names: readonly string[];
  readonly isPersistent: boolean;
  readonly problem?: string | undefined;
}

/** One check where the configuration refers to secrets in the vault. */
function vaultChecks(config: Config, { names, isPersistent, problem }: Vault): Check[] {
  const name = 'Vault';
  const wanted = new Set(
    [...everyText(config)].flatMap(({ text }) =>
      scanReferences(text).found.flatMap(({ kind, name: secret }) => (kind === 'vault' ? [secret] : [])),
    ),
  );
  if (problem !== undefined) return [{ name, state: 'fail', detail: problem, advice: 'See docs/authentication.md, kept at rest.' }];
  if (wanted.size === 0) return [];
  const missing = [...wanted].filter(secret => !names.includes(secret));
  const [first] = missing;
  if (first === undefined)
    return [{ name, state: 'ok', detail: `holds all ${wanted.size} secrets that the configuration refers to`, advice: '' }];
  const key = isPersistent ? '' : ' (without SHADOWCAT_VAULT_KEY it is kept in memory only, and not here)';
  return [
    {
      name,
      state: 'fail',
      detail: `no secret ${missing.join(', ')} is kept${key}`,
      advice: `Keep ${missing.length === 1 ? 'it' : 'each'}: shadowcat secret set ${first}`,
    },
  ];
}

export interface SeenIssuer {
  readonly issuer: string;
  readonly keyCount: number;
  readonly problem?: string | undefined;
}

/** As the gateway sees them; those that it has not needed yet are asked from here. */
async function issuerChecks(config: Config | undefined, seen: readonly SeenIssuer[]): Promise<Check[]> {
  const used = new Map(seen.filter(({ keyCount, problem }) => keyCount > 0 || problem !== undefined).map(one => [one.issuer, one]));
  const asked = config === undefined ? [] : await lookAtIssuers(config, systemClock);
  const all = [...used.values(), ...asked.filter(({ issuer }) => !used.has(issuer))];
  return all.map(({ issuer, keyCount, problem }): Check => {
    const name = `Issuer ${issuer}`;
    const keys = keyCount === 1 ? '1 key' : `${keyCount} keys`;
    if (problem === undefined && keyCount > 0) return { name, state: 'ok', detail: keys, advice: '' };
    const advice = 'See that its metadata and keys can be fetched from this machine, or name them: jwksUri of the issuer.';
    if (problem === undefined) return { name, state: 'fail', detail: 'its key set has no keys; no token can be checked', advice };
    return keyCount > 0
      ? { name, state: 'warn', detail: `${problem}; the ${keys} from before go on`, advice }
      : { name, state: 'fail', detail: `${problem}; its tokens are refused`, advice };
  });
}
