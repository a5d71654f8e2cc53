/** By what a tier counts. A tier whose key is missing for a request is skipped. */
import { keptKey } from '../../support/kept-text.ts';
import type { Guard, Principal } from '../guard.ts';
import type { Subject } from '../policy/subject.ts';
import { addressKey } from './addresses.ts';
import type { Tier } from './prepare-limits.ts';

export function keyOf(tier: Tier, guard: Guard, subject: Subject): string | undefined {
  const key = rawKey(tier, guard, subject);
  return key === undefined ? undefined : keptKey(key);
}

function rawKey(
  tier: Tier,
  { principal, client, session, route }: Guard,
  { method, tool, prompt, client: named }: Subject,
): string | undefined {
  switch (tier) {
    case 'global':
      return 'all';
    case 'ip':
      return client.ip === '' ? undefined : addressKey(client.ip);
    case 'user':
      return principal.kind === 'anonymous' ? undefined : principal.id;
    case 'session':
      return session?.id ?? programKey(principal, client.ip, named.name);
    case 'endpoint':
      return `${route.path} ${method} ${tool || prompt}`.trimEnd();
  }
}

/** Revision 2026-07-28 has no sessions: whoever asks, with the program that asks. */
function programKey(principal: Principal, ip: string, name: string): string | undefined {
  const who = principal.kind === 'anonymous' ? ip && addressKey(ip) : principal.id;
  return who === '' && name === '' ? undefined : `${who} ${name}`.trim();
}
