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
    tell(deps, { serverName, line, correlationId }, { isDenied: true, reason: tooLong, decisions: [decision] });
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
    tell(deps, { serverName, line, correlationId }, { ...ruling, method: subject.method });
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
  readonly serverName: string;
  readonly line: ServerLine;
  readonly correlationId: string;
}

/** Of a line that is too long, nobody knows the method. */
type Judged = Pick<Ruling, 'isDenied' | 'reason' | 'decisions'> & { readonly method?: string };

function tell(
  { clock, emit }: ServerLinesDeps,
  { serverName, line, correlationId }: Told,
  { isDenied, reason, decisions, method }: Judged,
): void {
  if (!decisions.some(({ kind }) => kind !== 'passed')) return;
  emit({
    type: 'exchange',
    at: clock.now(),
    correlationId,
    sessionId: line.sessionId,
    principalId: anonymous.id,
    listener: 'stdio',
    route: '',
    upstream: serverName,
    transport: 'stdio',
    era: 'legacy',
    httpMethod: '',
    ...(method === undefined ? {} : { method }),
    clientName: line.clientName,
    status: 200,
    outcome: isDenied ? 'refused' : 'answered',
    ...(isDenied ? { code: 'DENIED', reason } : {}),
    isEventStream: false,
    durationMs: 0,
    overheadMs: 0,
    requestBytes: Buffer.byteLength(line.text ?? ''),
    responseBytes: 0,
    attempts: 0,
    decisions: [...decisions],
  });
}
