/** Tells a server of the legacy era that nobody waits for a call any more: there, a closed connection does not say so. */
import type { Guard } from '../../pipeline/guard.ts';
import type { CallTraits } from './call-traits.ts';
import type { Line } from './line.ts';
import type { OwnRequests } from './own-requests.ts';

const LIMIT_MS = 2000;

/** Best effort: what becomes of it changes nothing. `initialize` may not be cancelled (2025-11-25, cancellation). */
export function cancelCall(own: OwnRequests, line: Line, guard: Guard, traits: CallTraits): void {
  const { session, era, principal } = guard;
  if (era !== 'legacy' || session === undefined || traits.method === 'initialize') return;
  for (const idText of traits.requestIds) {
    const text = `{"jsonrpc":"2.0","method":"notifications/cancelled","params":{"requestId":${idText},"reason":"The gateway's time-out."}}`;
    const version = session.protocolVersion;
    const headers = version === '' ? [] : ['MCP-Protocol-Version', version];
    own.ask(line, { httpMethod: 'POST', era, text, headers, session, principal }, LIMIT_MS).catch(() => undefined);
  }
}
