/** What balancing, bounding and timing need to know of a request, read once from its messages. */
import type { TimeoutsConfig } from '../../../shared/config/schema.ts';
import type { Guard } from '../../pipeline/guard.ts';
import { anyGlobMatch } from '../../support/glob.ts';
import type { TimeLimits } from './deadlines.ts';

export interface CallTraits {
  /** A GET or a `subscriptions/listen`: open for as long as both sides like. */
  readonly isStream: boolean;
  /** Only answers and notifications: nobody waits for a result, and a call that runs may wait for exactly these. */
  readonly isOneWay: boolean;
  /** JSON texts of the ids of the requests. */
  readonly requestIds: readonly string[];
  /** JSON texts of the ids that the client answers. */
  readonly answeredIds: readonly string[];
  /** Of the first request or notification. */
  readonly method: string | undefined;
  /** Of a `tools/call`. */
  readonly tool: string | undefined;
}

export function traitsOf(httpMethod: string, { items }: Guard): CallTraits {
  const requestIds: string[] = [];
  const answeredIds: string[] = [];
  let method: string | undefined;
  let tool: string | undefined;
  let isListen = false;
  for (const { message, facts } of items) {
    if (message.kind === 'result' || message.kind === 'error') {
      answeredIds.push(message.idText);
      continue;
    }
    method ??= message.method;
    if (message.kind !== 'request') continue;
    requestIds.push(message.idText);
    if (message.method === 'tools/call') tool ??= facts.target;
    if (message.method === 'subscriptions/listen') isListen = true;
  }
  return {
    isStream: httpMethod === 'GET' || isListen,
    isOneWay: items.length > 0 && requestIds.length === 0,
    requestIds,
    answeredIds,
    method,
    tool,
  };
}

/** The time-outs of an upstream, by call. */
export type LimitsFor = (traits: CallTraits) => TimeLimits;

export function limitsFor(config: TimeoutsConfig): LimitsFor {
  const usual: TimeLimits = { firstByteMs: config.firstByte, idleMs: config.idle, totalMs: config.total };
  const lists: TimeLimits = { ...usual, firstByteMs: config.listFirstByte };
  const streams: TimeLimits = { ...usual, idleMs: Infinity, totalMs: Infinity };
  const tools = Object.entries(config.tools)
    // A name before a glob, a long glob before a short one.
    .toSorted(([one], [other]) => Number(one.includes('*')) - Number(other.includes('*')) || other.length - one.length)
    .map(([glob, own]): { readonly isMeant: (name: string) => boolean; readonly limits: TimeLimits } => ({
      isMeant: anyGlobMatch([glob]),
      limits: {
        firstByteMs: own.firstByte ?? usual.firstByteMs,
        idleMs: own.idle ?? usual.idleMs,
        totalMs: own.total ?? usual.totalMs,
      },
    }));
  return ({ isStream, method, tool }) => {
    if (isStream) return streams;
    if (tool !== undefined) return tools.find(({ isMeant }) => isMeant(tool))?.limits ?? usual;
    return method?.endsWith('/list') === true ? lists : usual;
  };
}
