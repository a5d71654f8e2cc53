/**
 * Who asked, as the record keeps it with a request: what policies look at and a dry run needs again. Neither tokens nor claims,
 * which may hold anything; never longer than 4 KiB.
 */
import type { Era } from '../../shared/mcp/facts.ts';
import type { Guard, Principal } from './guard.ts';

export interface Asker {
  readonly listener: string;
  readonly era: Era;
  readonly ip: string;
  /** What the program said of itself; empty where it said nothing. */
  readonly client: string;
  readonly version: string;
  /** Of the `session` variable; empty without a session. */
  readonly session: string;
  /** Absent where the request was turned away before anybody was found to ask. */
  readonly principal?: AskingPrincipal;
}

export interface AskingPrincipal {
  readonly kind: Principal['kind'];
  readonly id: string;
  readonly sub?: string;
  readonly iss?: string;
  /** All three are absent where they were too long to be kept. */
  readonly scopes?: readonly string[];
  readonly roles?: readonly string[];
  /** There were claims, which are not kept. */
  readonly hadClaims?: true;
}

const MAX_LENGTH = 4096;
const MAX_NAME = 200;

/** JSON, for the record. */
export function askerText(guard: Guard): string {
  const { client, era, journey, route, items } = guard;
  const peer = items[0]?.facts.clientInfo;
  const { principal } = journey;
  const asker: Asker = {
    listener: route.listener,
    era,
    ip: client.ip,
    client: (client.name ?? peer?.name ?? '').slice(0, MAX_NAME),
    version: (client.version ?? peer?.version ?? '').slice(0, MAX_NAME),
    session: journey.sessionId ?? '',
  };
  if (principal === undefined) return JSON.stringify(asker);
  const { kind, id, sub, iss, scopes, roles, claims } = principal;
  const who = { kind, id, ...(Object.keys(claims).length === 0 ? {} : { hadClaims: true }) };
  const text = JSON.stringify({ ...asker, principal: { ...who, sub, iss, scopes, roles } });
  return text.length <= MAX_LENGTH ? text : JSON.stringify({ ...asker, principal: who });
}

/** Undefined where nothing readable is recorded. */
export function readAsker(text: string | undefined): Asker | undefined {
  if (text === undefined) return undefined;
  try {
    const asker = JSON.parse(text) as Partial<Asker> | null;
    return typeof asker?.listener === 'string' && typeof asker.ip === 'string' ? (asker as Asker) : undefined;
  } catch {
    return undefined;
  }
}
