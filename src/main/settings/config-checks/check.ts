/** What the checks of a configuration have in common. */
import { isIP } from 'node:net';
import type { Config } from '../../../shared/config/schema.ts';
import type { ConfigFinding, ConfigPath } from '../config-problem.ts';

/** Looks at a configuration that fits the schema. Pure; what it returns is laid on lines by `readConfig`. */
export type ConfigCheck = (config: Config) => readonly ConfigFinding[];

export const warning = (path: ConfigPath, message: string): ConfigFinding => ({ path, message, isWarning: true });

/** The later ones of those with the same key, each with the first. */
export function repeated<T>(
  entries: readonly T[],
  keyOf: (entry: T) => string | undefined,
): { readonly at: number; readonly firstAt: number }[] {
  const firstByKey = new Map<string, number>();
  const found: { at: number; firstAt: number }[] = [];
  for (const [at, entry] of entries.entries()) {
    const key = keyOf(entry);
    if (key === undefined) continue;
    const firstAt = firstByKey.get(key);
    if (firstAt === undefined) firstByKey.set(key, at);
    else found.push({ at, firstAt });
  }
  return found;
}

/** Whether a text is an address, or a network in CIDR notation without bits behind its prefix. */
export function cidrProblem(text: string): string | undefined {
  const [address = '', prefix, ...more] = text.split('/');
  const version = isIP(address);
  const sample = 'Write an address or a network such as 10.0.0.0/8 or fd00::/8';
  if (version === 0 || more.length > 0 || address.includes('%')) return `${sample}, not "${text}".`;
  if (prefix === undefined) return undefined;
  const most = version === 4 ? 32 : 128;
  if (!/^\d{1,3}$/.test(prefix) || Number(prefix) > most) return `${sample}: the prefix of ${text} goes from 0 to ${most}.`;
  return undefined;
}
