/**
 * What the shim of one connection asks: each line of the client becomes an exchange, each line of the server the answer of one.
 * Every ask gets a verdict, or is told after 250 ms that it is held.
 */
import { crc32 } from 'node:zlib';
import { rpcErrorBody } from '../../shared/errors/error-table.ts';
import { readBody, type ReadBody } from '../../shared/mcp/json-rpc.ts';
import { encodeNumber, encodeParcel, PartJoiner, type Parcel } from '../../shared/shim/ask-coding.ts';
import { encodeMessage } from '../../shared/shim/message-coding.ts';
import { maxAskedAnswerBytes, messageType, type ShimMode, type ShimSession, type VerdictHead } from '../../shared/shim/protocol.ts';
import type { Guard } from '../pipeline/guard.ts';
import type { ServerRuling, StdioPlan, StdioPlans } from '../pipeline/stdio-plan.ts';
import type { Clock, Logger } from '../ports.ts';
import type { Conversation } from '../traffic/conversation.ts';
import { ShimBatches } from './shim-batches.ts';
import { denialText } from './shim-own-among.ts';
import { serverNameOf, ShimExchange, type Tell } from './shim-exchange.ts';

const lookEveryMs = 250;
/** Shims wait with far fewer; more is no shim of ours. */
const maxPending = 8_192;
/** Requests of one session without an answer; more are refused. As many as the record keeps open. */
const maxAwaited = 10_000;

const noBytes = new Uint8Array(0);

interface ShimAsksDeps {
  readonly plans: StdioPlans;
  readonly session: ShimSession;
  readonly conversation: () => Conversation;
  readonly clock: Clock;
  readonly log: Logger;
  /** The shim lets what a server asks among answers go on before those do (`activeArraysMode`). */
  readonly partsArrays: boolean;
  readonly send: (message: Uint8Array) => void;
}

export class ShimAsks {
  readonly #deps: ShimAsksDeps;
  readonly #serverName: string;
  readonly #joiner = new PartJoiner(maxAskedAnswerBytes);
  readonly #batches: ShimBatches;
  /** Asks without a verdict, by number: since when, and whether they were told to wait. */
  readonly #pending = new Map<number, { readonly sinceUs: number; isHeld: boolean }>();
  readonly #open = new Set<ShimExchange>();
  /** The same by the ids of their requests, oldest first. */
  readonly #byId = new Map<string, ShimExchange[]>();
  #plan: StdioPlan;
  #timer: NodeJS.Timeout | undefined;
  #heldCount = 0;

  constructor(deps: ShimAsksDeps) {
    this.#deps = deps;
    this.#batches = new ShimBatches(deps.partsArrays);
    this.#serverName = serverNameOf(deps.session);
    this.#plan = deps.plans.planFor(this.#serverName);
  }

  get mode(): ShimMode {
    return modeOf(this.#plan);
  }

  /** The configuration has changed. Returns the mode where it is another one now. */
  refresh(): ShimMode | undefined {
    const before = this.mode;
    this.#plan = this.#deps.plans.planFor(this.#serverName);
    const { mode } = this;
    const isSame =
      before.isActive === mode.isActive && before.isClosedOnLoss === mode.isClosedOnLoss && before.judgesServer === mode.judgesServer;
    return isSame ? undefined : mode;
  }

  /** A part of an ask. Throws on what is none. */
  take(payload: Uint8Array): void {
    const parcel = this.#joiner.push(payload);
    if (parcel === undefined) return;
    if (this.#pending.size >= maxPending) throw new Error('A shim asks about too many lines at once');
    this.#pending.set(parcel.number, { sinceUs: this.#deps.clock.monotonicUs(), isHeld: false });
    this.#timer ??= setInterval(() => this.#look(), lookEveryMs).unref();
    const bytes = parcel.parts.length === 1 ? (parcel.parts[0] as Uint8Array) : Buffer.concat(parcel.parts);
    if (parcel.head['direction'] === 'fromServer') this.#fromServer(parcel, bytes);
    else this.#fromClient(parcel.number, bytes);
  }

  /** The connection is over: nobody waits for an answer any more. */
  close(): void {
    clearInterval(this.#timer);
    this.#timer = undefined;
    this.#pending.clear();
    for (const exchange of this.#open) exchange.leave();
  }

  #fromClient(number: number, bytes: Uint8Array): void {
    const tell = this.#tellFor(number);
    const plan = this.#plan;
    if (!plan.isActive) return tell({ kind: 'pass' }, noBytes);
    const conversation = this.#deps.conversation();
    const text = textOf(bytes);
    let guard: Guard | undefined;
    try {
      guard = plan.guardFor({ text, sessionId: this.#deps.session.id, clientName: conversation.clientName });
    } catch (error) {
      this.#deps.log.error('A line could not be guarded', { sessionId: this.#deps.session.id, error: String(error) });
      return refuse(text, tell);
    }
    if (guard === undefined) return tell({ kind: 'pass' }, noBytes);
    if (this.#open.size >= maxAwaited) return refuse(text, tell, 'UNAVAILABLE', 'Too many requests of this session wait for an answer.');
    this.#run(plan, { number, bytes, conversation, guard }, tell);
  }

  #run(plan: StdioPlan, line: ConstructorParameters<typeof ShimExchange>[1], tell: Tell): void {
    const { clock, log } = this.#deps;
    const cancelled = line.guard.items.flatMap(({ facts }) => this.#byId.get(facts.cancels ?? '') ?? []);
    const undecided = cancelled.filter(exchange => !exchange.isAwaited);
    for (const exchange of undecided) exchange.cancel();
    // The server has never seen the request, so there is nothing to cancel for it.
    if (undecided.length > 0 && !line.guard.isBatch) {
      const verdicts = [{ stage: 'shim', kind: 'refused', reason: 'its request was not passed on' }] as const;
      return tell({ kind: 'drop', marks: { verdicts } }, noBytes);
    }
    const exchange = new ShimExchange(
      { serverName: this.#serverName, run: plan.run, clock, log },
      line,
      (head, out) => {
        tell(head, out);
        // The server will not answer it, or too late for everybody.
        if (head.kind === 'pass' || head.kind === 'replace') for (const one of cancelled) one.leave();
      },
      () => this.#forget(exchange),
    );
    this.#open.add(exchange);
    for (const id of exchange.ids) this.#byId.set(id, [...(this.#byId.get(id) ?? []), exchange]);
    exchange.start();
  }

  #forget(exchange: ShimExchange): void {
    this.#open.delete(exchange);
    this.#batches.forget(exchange);
    for (const id of exchange.ids) {
      const left = (this.#byId.get(id) ?? []).filter(one => one !== exchange);
      if (left.length === 0) this.#byId.delete(id);
      else this.#byId.set(id, left);
    }
  }

  #fromServer({ number, head }: Parcel, bytes: Uint8Array): void {
    const ids = Array.isArray(head['ids']) ? head['ids'].filter(id => typeof id === 'string') : [];
    if (head['isOwn'] === true)
      return this.#ownOfServer({ ids, bytes: head['isTooLong'] === true ? undefined : bytes }, this.#tellFor(number));
    const awaited = (id: string): ShimExchange | undefined => this.#byId.get(id)?.find(one => one.isAwaited);
    this.#batches.answer({
      ids,
      bytes: head['isTooLong'] === true ? undefined : bytes,
      awaited,
      judge: own => this.#judgeOwn(own),
      tell: this.#tellFor(number),
    });
  }

  /** What policies say of what the server asks or tells by itself; undefined where they could not. */
  #judgeOwn(bytes: Uint8Array | undefined): ServerRuling | undefined {
    const plan = this.#plan;
    if (plan.isActive !== true || plan.judgesServer !== true || plan.judgeServer === undefined) return { decisions: [] };
    const { session, conversation, log } = this.#deps;
    try {
      return plan.judgeServer({
        text: bytes === undefined ? undefined : textOf(bytes),
        sessionId: session.id,
        clientName: conversation().clientName,
      });
    } catch (error) {
      log.error('A line of a server could not be judged', { sessionId: session.id, error: String(error) });
      return undefined;
    }
  }

  /** What the server asks or tells by itself. A denied question is answered in place of the client. */
  #ownOfServer({ ids, bytes }: { readonly ids: readonly string[]; readonly bytes: Uint8Array | undefined }, tell: Tell): void {
    const text = bytes === undefined ? '' : textOf(bytes);
    const ruling = this.#judgeOwn(bytes);
    if (ruling === undefined) return refuse(text, tell);
    const { denied, decisions } = ruling;
    const marks = decisions.length === 0 ? undefined : { verdicts: decisions };
    if (denied === undefined) return tell({ kind: 'pass', marks }, noBytes);
    if (ids.length === 0) return tell({ kind: 'drop', marks: { ...marks, flags: ['refused'] } }, noBytes);
    const errors = ids.map(id => denialText(denied, id));
    const isList = text.trimStart().startsWith('[');
    tell(
      { kind: 'answer', answerFlags: ['own-error', 'refused'], marks },
      Buffer.from(isList ? `[${errors.join(',')}]` : errors.join('\n')),
    );
  }

  #tellFor(number: number): Tell {
    return (head, bytes) => {
      const pending = this.#pending.get(number);
      if (pending === undefined) return;
      this.#pending.delete(number);
      if (pending.isHeld) this.#heldCount -= 1;
      for (const message of encodeParcel(messageType.verdict, { number, head, parts: [bytes] }, crc32)) this.#deps.send(message);
      if (this.#pending.size > 0) return;
      clearInterval(this.#timer);
      this.#timer = undefined;
    };
  }

  #look(): void {
    const { clock, send } = this.#deps;
    if (this.#heldCount > 0) send(encodeMessage(messageType.heartbeat, [], crc32));
    const nowUs = clock.monotonicUs();
    for (const [number, pending] of this.#pending) {
      if (pending.isHeld || nowUs - pending.sinceUs < (lookEveryMs / 2) * 1000) continue;
      pending.isHeld = true;
      this.#heldCount += 1;
      send(encodeMessage(messageType.held, [encodeNumber(number)], crc32));
    }
  }
}

/** A plan that has nothing to say cannot close anything either. */
export function modeOf({ isActive, isClosedOnLoss, judgesServer }: StdioPlan): ShimMode {
  return { isActive, isClosedOnLoss: isActive && isClosedOnLoss, ...(isActive && judgesServer === true ? { judgesServer } : {}) };
}

function textOf(bytes: Uint8Array): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('utf8');
}

/** For lines that have no guard to answer by. */
function refuse(text: string, tell: Tell, code: 'INTERNAL' | 'UNAVAILABLE' = 'INTERNAL', message = 'Shadowcat failed.'): void {
  const read = readBody(text);
  const errors = requestIds(read).map(id => rpcErrorBody(code, message, id));
  const head: VerdictHead =
    errors.length === 0 ? { kind: 'drop', marks: { flags: ['refused'] } } : { kind: 'answer', answerFlags: ['own-error'] };
  tell(head, Buffer.from(read.kind === 'batch' ? `[${errors.join(',')}]` : errors.join('')));
}

function requestIds(read: ReadBody): string[] {
  if (read.kind === 'batch') return read.items.flatMap(requestIds);
  return read.kind === 'message' && read.message.kind === 'request' ? [read.message.idText] : [];
}
