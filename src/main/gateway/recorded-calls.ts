/** Calls of the record as policies see them: who asked, from where and for what, and what of that is not recorded. */
import { type Asker, type AskingPrincipal, readAsker } from '../pipeline/asker.ts';
import { anonymous, type Principal } from '../pipeline/guard.ts';
import { type Subject, subjectOf, type Surroundings } from '../pipeline/policy/subject.ts';
import type { ToolMeta } from '../pipeline/tool-catalogue.ts';
import type { FrameSummary } from '../../shared/model/frame.ts';
import type { SessionSummary } from '../../shared/model/session.ts';
import type { FrameWithBody } from '../store/traffic-store.ts';
import { type ReadMessage, readMessages } from '../traffic/sighting.ts';

export interface FoundCall {
  readonly subject: Subject;
  readonly target: string | undefined;
  /** Absent where nobody guarded the call, and in what was recorded before askers were. */
  readonly asker: Asker | undefined;
}

export type MetaOf = (server: string, tool: string) => ToolMeta | undefined;

const ofPrincipal = ['principal.sub', 'principal.iss', 'principal.scopes', 'principal.roles', 'principal.claims'];
/** What servers say of their tools is looked up as it is now. Where nobody knows, it may have been known then. */
const always: ReadonlySet<string> = new Set(['tool_meta']);
const withoutClaims: ReadonlySet<string> = new Set([...always, 'principal.claims']);
const withoutPrincipal: ReadonlySet<string> = new Set([...always, ...ofPrincipal]);
const withoutAsker: ReadonlySet<string> = new Set([...withoutPrincipal, 'client.ip', 'session.id']);

/** The requests of a frame. */
export function* callsOf(session: SessionSummary, { frame, body, asker: text }: FrameWithBody, metaOf: MetaOf): Generator<FoundCall> {
  if (frame.direction !== 'fromClient' || (frame.kind !== 'request' && frame.kind !== 'batch')) return;
  const asker = readAsker(text);
  const surroundings = surroundingsOf(session, frame, asker);
  for (const item of messagesOf(frame, body)) {
    if (item.message.kind !== 'request') continue;
    const subject = subjectOf(item, surroundings, tool => metaOf(session.serverName, tool));
    const isWhole = body.length > 0;
    yield { subject: isWhole ? subject : withoutBody(subject), target: item.facts.target, asker };
  }
}

function messagesOf(frame: FrameSummary, body: Uint8Array): readonly ReadMessage[] {
  const reading = readMessages(Buffer.from(body).toString('utf8'));
  if (reading.kind === 'messages') return reading.items;
  // A full queue drops bodies; what the message was about is in the row.
  if (reading.kind === 'unreadable' || frame.kind === 'batch' || frame.method === undefined) return [];
  const message = { kind: 'request', idText: frame.idText ?? 'null', method: frame.method, params: undefined } as const;
  const facts = { era: 'legacy', isToolError: false } as const;
  return [{ message, facts: frame.target === undefined ? facts : { ...facts, target: frame.target } }];
}

function withoutBody(subject: Subject): Subject {
  return { ...subject, unrecorded: new Set([...(subject.unrecorded ?? []), 'args']) };
}

function surroundingsOf(session: SessionSummary, frame: FrameSummary, asker: Asker | undefined): Surroundings {
  const isStdio = session.transport === 'stdio';
  const shared = { server: session.serverName, http: httpOf(isStdio ? undefined : frame.http), nowMs: frame.at };
  if (asker !== undefined)
    return {
      ...shared,
      principal: asker.principal === undefined ? anonymous : principalOf(asker.principal),
      client: { ip: asker.ip, name: asker.client, version: asker.version },
      session: { id: asker.session, era: asker.era },
      unrecorded: gapsOf(asker.principal),
    };
  return {
    ...shared,
    principal: anonymous,
    client: { ip: '', name: session.clientInfo?.name ?? session.clientName, version: session.clientInfo?.version ?? '' },
    session: { id: session.era === 'legacy' ? session.id : '', era: session.era },
    // A wrapped server has one client, who is anonymous and has no address.
    unrecorded: isStdio ? always : withoutAsker,
  };
}

function httpOf(head: FrameSummary['http']): Surroundings['http'] {
  return { method: head?.method ?? '', path: head?.path ?? '', rawHeaders: head?.headers.flat() ?? [] };
}

function principalOf({ kind, id, sub, iss, scopes = [], roles = [] }: AskingPrincipal): Principal {
  return { kind, id, ...(sub === undefined ? {} : { sub }), ...(iss === undefined ? {} : { iss }), scopes, roles, claims: {} };
}

function gapsOf(principal: AskingPrincipal | undefined): ReadonlySet<string> {
  if (principal?.scopes === undefined) return withoutPrincipal;
  return principal.hadClaims === true ? withoutClaims : always;
}
