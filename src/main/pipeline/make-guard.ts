/** Makes the guard of an exchange from what a listener knows: the one place where a guarded body is parsed. */
import type { Era } from '../../shared/mcp/facts.ts';
import { readMessages } from '../traffic/sighting.ts';
import { anonymous, type Guard, type GuardClient, type GuardedRoute, type Journey } from './guard.ts';

/** What a listener knows of a guarded request. */
export interface GuardFacts {
  readonly correlationId: string;
  readonly route: GuardedRoute;
  readonly client: GuardClient;
  /** Text of the whole body; undefined where there is none. */
  readonly text: string | undefined;
  /** `MCP-Protocol-Version`; says the era of requests that have no body. */
  readonly versionHeader?: string | undefined;
}

const firstModern = '2026-07-28';

export function makeGuard({ correlationId, route, client, text, versionHeader }: GuardFacts): Guard {
  const reading = text === undefined ? ({ kind: 'none' } as const) : readMessages(text);
  const items = reading.kind === 'messages' ? reading.items : [];
  const info = items[0]?.facts.clientInfo;
  return {
    correlationId,
    route,
    client: info === undefined ? client : { ...client, name: info.name, version: info.version },
    items,
    isBatch: reading.kind === 'messages' && reading.isBatch,
    isUnreadable: reading.kind === 'unreadable',
    era: eraOf(items[0]?.facts.era, versionHeader),
    principal: anonymous,
    decisions: [],
    answerHeaders: [],
    journey: newJourney(),
  };
}

/** With a place for everything that is noted later: an object that grows on the way costs more with each of its members. */
function newJourney(): Journey {
  return {
    tried: [],
    principalId: undefined,
    principal: undefined,
    sessionId: undefined,
    sentUs: undefined,
    answeredUs: undefined,
    onSent: undefined,
    standings: undefined,
  };
}

/** A body says its era itself; without one the header is all there is. */
function eraOf(said: Era | undefined, versionHeader: string | undefined): Era {
  if (said !== undefined) return said;
  return versionHeader !== undefined && versionHeader >= firstModern ? 'modern' : 'legacy';
}

const usable = /^[A-Za-z0-9._-]{8,64}$/;

/** The id that a client sent for its request, where it is one that can stand in a log line; else a fresh one. */
export function correlationIdOf(sent: string | undefined, fresh: () => string): string {
  return sent !== undefined && usable.test(sent) ? sent : fresh();
}
