/** Whose requests stay together where the protocol has no sessions (2026-07-28): those of one client of one principal. */
import type { Exchange } from '../../pipeline/stage.ts';

/** Undefined for the legacy era: its sessions are pinned, and a new one goes to whose turn it is. */
export function sessionKey({ guard }: Exchange): string | undefined {
  if (guard === undefined || guard.era === 'legacy') return undefined;
  const { client, principal } = guard;
  // Anonymous clients are told apart by their address, or all of them would share one instance.
  const who = principal.kind === 'anonymous' ? client.ip : principal.id;
  return `${client.name ?? ''}\0${who}`;
}
