/** Judges what a wrapped server asks or tells by itself, and tells what came of it: there is no exchange of a client to tell it with. */
import type { Decision, EmitEvent } from '../../shared/model/gateway-event.ts';
import { RequestWork } from '../pipeline/cel/work-budget.ts';
import { anonymous } from '../pipeline/guard.ts';
import type { PolicyEngine, Ruling } from '../pipeline/policy/policy-engine.ts';
import { type Subject, subjectOf } from '../pipeline/policy/subject.ts';
import type { ServerLine, ServerRuling } from '../pipeline/stdio-plan.ts';
import type { Clock, Ids } from '../ports.ts';
import { type ReadMessage, readMessages } from '../traffic/sighting.ts';

export interface ServerLinesDeps {
  readonly policies: PolicyEngine;
  readonly clock: Clock;
  readonly ids: Ids;
  readonly emit: EmitEvent;
}

const nothing: ServerRuling = { decisions: [] };
const tooLong = 'What the server sent is longer than can be judged.';

/** One message that may not pass keeps the whole line from its client. */
export function judgeServerLine(deps: ServerLinesDeps, serverName: string, line: ServerLine): ServerRuling {
  const { policies, ids } = deps;
  const correlationId = ids.next();
  if (line.text === undefined) {
    if (policies.onServerMessages !== 'enforced') return nothing;
    const decision: Decision = { stage: 'apply-policy', kind: 'refused', id: 'malformed', reason: tooLong };
    return { denied: { by: 'malformed', reason: tooLong, correlationId }, decisions: [decision] };
  }
  const reading = readMessages(line.text);
  // What is no message is none for the client either.
  if (reading.kind !== 'messages' || policies.onServerMessages === 'nothing') return nothing;
  const decisions: Decision[] = [];
  let denied: ServerRuling['denied'];
  const work = new RequestWork();
  for (const item of reading.items) {
    if (item.message.kind !== 'request' && item.message.kind !== 'notification') continue;
    const subject = serverSubject(deps, item, { serverName, line });
    const ruling = policies.rule(subject, { hasAuth: false, from: 'server', work });
    decisions.push(...ruling.decisions);
    if (ruling.isDenied) denied ??= { by: ruling.by, reason: ruling.reason, correlationId };
    tell(deps, subject, ruling, { correlationId, sessionId: line.sessionId, bytes: line.text.length });
  }
  return denied === undefined ? { decisions } : { denied, decisions };
}

/** What the server says of itself must not pass for what its client is: nothing of the message names the client. */
function serverSubject(
  { clock }: ServerLinesDeps,
  item: ReadMessage,
  { serverName, line }: { serverName: string; line: ServerLine },
): Subject {
  return subjectOf(item, {
    server: serverName,
    principal: anonymous,
    client: { ip: '', name: line.clientName, version: '' },
    session: { id: line.sessionId, era: 'legacy' },
    http: { method: '', path: '', rawHeaders: [] },
    nowMs: clock.now(),
  });
}

interface Told {
  readonly correlationId: string;
  readonly sessionId: string;
  readonly bytes: number;
}

function tell({ clock, emit }: ServerLinesDeps, { method, server, client }: Subject, ruling: Ruling, told: Told): void {
  const { isDenied, reason, decisions } = ruling;
  if (!decisions.some(({ kind }) => kind !== 'passed')) return;
  emit({
    type: 'exchange',
    at: clock.now(),
    correlationId: told.correlationId,
    sessionId: told.sessionId,
    principalId: anonymous.id,
    listener: 'stdio',
    route: '',
    upstream: server,
    transport: 'stdio',
    era: 'legacy',
    httpMethod: '',
    method,
    clientName: client.name,
    status: 200,
    outcome: isDenied ? 'refused' : 'answered',
    ...(isDenied ? { code: 'DENIED', reason } : {}),
    isEventStream: false,
    durationMs: 0,
    overheadMs: 0,
    requestBytes: told.bytes,
    responseBytes: 0,
    attempts: 0,
    decisions: [...decisions],
  });
}
