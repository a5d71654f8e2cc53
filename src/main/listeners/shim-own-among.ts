/** What a wrapped server asks and tells in one line with its answers: judged like lines of their own, and answered where it may not pass. */
import { rpcErrorBody } from '../../shared/errors/error-table.ts';
import { idTextOf } from '../../shared/mcp/json-rpc.ts';
import { arraySlices } from '../../shared/mcp/json-text.ts';
import type { Decision } from '../../shared/model/gateway-event.ts';
import type { VerdictHead } from '../../shared/shim/protocol.ts';
import type { ServerRuling } from '../pipeline/stdio-plan.ts';

/** Judges what the server asks or tells by itself; undefined where that failed, so that it may not pass. */
export type JudgeOwn = (own: Uint8Array) => ServerRuling | undefined;

/** As many messages as a batch of a client may have; they travel in the head of a verdict, which is not cut into parts. */
const MAX_LINES = 200;
const MAX_CHARS = 512 * 1024;
const noBytes = new Uint8Array(0);

export interface Element {
  readonly bytes: Uint8Array;
  /** JSON text; undefined where it has none. */
  readonly id: string | undefined;
  /** A result or an error is an answer, whatever else it says of itself. */
  readonly isAnswer: boolean;
  readonly isQuestion: boolean;
}

/** The elements of a line that is an array, byte for byte as they stood there. */
export function elementsOf(bytes: Uint8Array): Element[] {
  const whole = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const items = JSON.parse(whole.toString('utf8')) as unknown[];
  const slices = arraySlices(whole.toString('latin1'));
  return items.map((item, index) => {
    const source = slices[index] ?? '';
    const isMessage = typeof item === 'object' && item !== null;
    const isAnswer = isMessage && ('result' in item || 'error' in item);
    return {
      bytes: Buffer.from(source, 'latin1'),
      id: isMessage && 'id' in item ? idTextOf(item.id, source) : undefined,
      isAnswer,
      isQuestion: isMessage && !isAnswer && 'id' in item && 'method' in item && typeof item.method === 'string',
    };
  });
}

export interface JudgedElement {
  /** None where it may not pass. */
  readonly line: Uint8Array;
  readonly decisions: readonly Decision[];
  /** What the server hears of it. */
  readonly toServer: readonly string[];
}

export function judgedElement({ bytes, id, isQuestion }: Element, judge: JudgeOwn): JudgedElement {
  const ruling = judge(bytes);
  const { denied, decisions = [] } = ruling ?? {};
  if (ruling !== undefined && denied === undefined) return { line: bytes, decisions, toServer: [] };
  return { line: noBytes, decisions, toServer: isQuestion && id !== undefined ? [denialText(denied, id)] : [] };
}

/** The answer to one question; without a denial it is a failure of ours. */
export function denialText(denied: ServerRuling['denied'], idText: string): string {
  if (denied === undefined) return rpcErrorBody('INTERNAL', 'Shadowcat failed.', idText);
  const { by, reason, correlationId } = denied;
  return rpcErrorBody('DENIED', reason, idText, { policy_id: by, reason, correlation_id: correlationId });
}

/** With their flags; nothing where there are none. What is over the bounds stays unanswered. */
export function forServer(lines: readonly string[]): Pick<VerdictHead, 'toServer' | 'answerFlags'> {
  let chars = 0;
  const toServer = lines.slice(0, MAX_LINES).filter(({ length }) => (chars += length) <= MAX_CHARS);
  return toServer.length === 0 ? {} : { toServer, answerFlags: ['own-error', 'refused'] };
}
