/**
 * Who asked, as the record keeps it with a request: what policies look at and a dry run needs again. Neither tokens nor claims,
 * which may hold anything.
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

/** Of a principal: more scopes and roles than any real one has. */
const MAX_LENGTH = 4096;
const MAX_NAME = 200;

/** A principal is the same for all requests with one token or key. */
const principalTexts = new WeakMap<Principal, string>();

/** JSON, for the record. Put together by hand: every request makes one. */
export function askerText({ client, era, journey, route, items }: Guard): string {
  const peer = items[0]?.facts.clientInfo;
  const name = (client.name ?? peer?.name ?? '').slice(0, MAX_NAME);
  const version = (client.version ?? peer?.version ?? '').slice(0, MAX_NAME);
  const quote = JSON.stringify as (text: string) => string;
  const where = `"listener":${quote(route.listener)},"era":"${era}","ip":${quote(client.ip)}`;
  const what = `"client":${quote(name)},"version":${quote(version)},"session":${quote(journey.sessionId ?? '')}`;
  const { principal } = journey;
  return principal === undefined ? `{${where},${what}}` : `{${where},${what},"principal":${principalText(principal)}}`;
}

function principalText(principal: Principal): string {
  const known = principalTexts.get(principal);
  if (known !== undefined) return known;
  const { kind, id, sub, iss, scopes, roles, claims } = principal;
  const who = { kind, id, ...(Object.keys(claims).length === 0 ? {} : { hadClaims: true }) };
  const whole = JSON.stringify({ ...who, sub, iss, scopes, roles });
  const text = whole.length <= MAX_LENGTH ? whole : JSON.stringify(who);
  principalTexts.set(principal, text);
  return text;
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
