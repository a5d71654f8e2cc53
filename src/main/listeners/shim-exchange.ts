/**
 * A line of a wrapped client on its way through the stages. To them it is a request like any other, with an upstream whose
 * answer comes later; here it ends in verdicts: one on the line, and one on what answers it where a stage has a say in that.
 */
import { basename } from 'node:path';
import { TrafficError } from '../../shared/errors/error-table.ts';
import type { Flag } from '../../shared/model/frame.ts';
import type { Decision } from '../../shared/model/gateway-event.ts';
import { maxAskedAnswerBytes, type FrameMarks, type ShimSession, type VerdictHead } from '../../shared/shim/protocol.ts';
import type { Guard } from '../pipeline/guard.ts';
import type { Answer, Exchange, Next, Upstream, Verdict } from '../pipeline/stage.ts';
import type { Clock, Logger } from '../ports.ts';
import { Departure } from '../support/departure.ts';
import type { Conversation } from '../traffic/conversation.ts';
import { ownLine, ownReason, type OwnReason } from '../traffic/own-answer.ts';
import { AnswerCollector, AnswerLine } from './shim-answer.ts';

/** Says what becomes of a line; called once for each. */
export type Tell = (head: VerdictHead, bytes: Uint8Array) => void;

export interface ShimExchangeDeps {
  readonly serverName: string;
  readonly run: Next;
  readonly clock: Clock;
  readonly log: Logger;
}

export interface ShimLine {
  /** Of the ask. */
  readonly number: number;
  readonly bytes: Uint8Array;
  readonly conversation: Conversation;
  readonly guard: Guard;
}

/** As the answers of both eras are, over HTTP. */
const jsonHead = { status: 200, statusText: 'OK', rawHeaders: ['Content-Type', 'application/json'] } as const;
const acceptedHead = { status: 202, statusText: 'Accepted', rawHeaders: ['Content-Length', '0'] } as const;
const noBytes = new Uint8Array(0);

/** More decisions about one line than any configuration makes; they travel with its frame. */
const maxDecisions = 64;
const maxReasonChars = 500;

/** The name by which policies and limits know a wrapped server. */
export function serverNameOf({ name, command }: ShimSession): string {
  return name === '' ? basename(command[0] ?? '') : name;
}

export class ShimExchange implements Upstream {
  readonly name: string;
  readonly number: number;
  /** JSON texts of the ids of its requests; none for notifications and answers of the client. */
  readonly ids: readonly string[];
  readonly isBatch: boolean;
  readonly #deps: ShimExchangeDeps;
  readonly #line: ShimLine;
  readonly #tell: Tell;
  readonly #onOver: () => void;
  readonly #departure = new Departure();
  readonly #inner = new AnswerLine();
  /** How many decisions ride on earlier frames. */
  #toldCount = 0;
  #isSent = false;
  #outgoing: Uint8Array = noBytes;
  /** What became of the line: nothing yet, it was passed on, or it goes no further. */
  #fate: 'open' | 'passed' | 'ended' = 'open';
  #answer: Answer | undefined;
  /** What its sender gets, once that is complete. */
  #output: { readonly bytes: Uint8Array; readonly flags: readonly Flag[] } | undefined;
  #asked: { readonly bytes: Uint8Array; readonly tell: Tell; readonly batch: number | undefined } | undefined;
  #isOver = false;

  constructor(deps: ShimExchangeDeps, line: ShimLine, tell: Tell, onOver: () => void) {
    this.#deps = deps;
    this.#line = line;
    this.#tell = tell;
    this.#onOver = onOver;
    this.name = deps.serverName;
    this.number = line.number;
    this.ids = line.guard.items.flatMap(({ message }) => (message.kind === 'request' ? [message.idText] : []));
    this.isBatch = line.guard.isBatch;
  }

  /** Somebody waits for its answer. */
  get isAwaited(): boolean {
    return this.#fate === 'passed' && !this.#isOver;
  }

  start(): void {
    const { clock, run } = this.#deps;
    const { bytes, conversation, guard, number } = this.#line;
    const exchange: Exchange = {
      id: `ask-${number}`,
      conversation,
      route: { name: this.name, transport: 'stdio', upstream: this, basePath: '/' },
      request: {
        method: 'POST',
        path: '/',
        rawHeaders: ['Content-Type', 'application/json'],
        body: { kind: 'whole', bytes },
        idText: () => this.ids[0],
      },
      startedAt: clock.now(),
      departure: this.#departure,
      guard,
    };
    let verdict: Promise<Verdict>;
    try {
      verdict = run(exchange);
    } catch (error) {
      return this.#failed(error);
    }
    verdict.then(
      decided => this.#decided(decided),
      (error: unknown) => this.#failed(error),
    );
  }

  /** The stages let the line pass: it goes on, and its answer comes when the server has given it. */
  send(exchange: Exchange): Promise<Answer> {
    if (this.#departure.hasHappened) return Promise.reject(new TrafficError('CANCELLED', 'The client took it back.'));
    if (this.#isSent) return Promise.reject(new TrafficError('UPSTREAM_BROKE', 'A line to a wrapped server can be sent once.'));
    const { guard } = this.#line;
    if (guard.isUnreadable) {
      // A server may read more into it than we do, so it is not passed on where policies apply.
      guard.decisions.push({ stage: 'validate', kind: 'refused', reason: 'the line is no JSON-RPC' });
      return Promise.reject(new TrafficError('BAD_REQUEST', 'The line is no JSON-RPC.'));
    }
    this.#isSent = true;
    const { body } = exchange.request;
    this.#outgoing = body.kind === 'whole' ? body.bytes : this.#line.bytes;
    const { journey } = guard;
    journey.tried.push(this.name);
    journey.sentUs = this.#deps.clock.monotonicUs();
    journey.onSent?.();
    // A stage that waits for the answer before it decides gets it only when the line is on its way.
    this.#inner.onStart = () => this.#passOn(this.ids);
    setImmediate(() => this.#passOn(this.ids));
    if (this.ids.length === 0) this.#inner.end();
    return Promise.resolve({ ...(this.ids.length === 0 ? acceptedHead : jsonHead), body: this.#inner });
  }

  close(): Promise<void> {
    return Promise.resolve();
  }

  /** The client took it back before it was decided. */
  cancel(): void {
    if (this.#fate !== 'open') return;
    this.#fate = 'ended';
    this.#tell(
      { kind: 'drop', marks: this.#marks([{ stage: 'shim', kind: 'refused', reason: 'cancelled by the client before it was passed on' }]) },
      noBytes,
    );
    this.leave();
  }

  /** Nobody waits for the answer any more: what the stages hold for it is given back. */
  leave(): void {
    this.#departure.happen();
    this.#answer?.body.abort();
    // Who reads the answer before it decides would wait for ever.
    this.#inner.break(new TrafficError('CANCELLED', 'Nobody waits for the answer any more.'));
    this.#over();
  }

  /** The server has answered. `bytes` undefined: with more than can be looked at. `batch`: with the answers that were gathered for it. */
  answered(bytes: Uint8Array | undefined, tell: Tell, batch?: number): void {
    this.#line.guard.journey.answeredUs = this.#deps.clock.monotonicUs();
    this.#asked = { bytes: bytes ?? noBytes, tell, batch };
    if (this.#output !== undefined) this.#tellAnswer();
    else if (bytes !== undefined) this.#inner.give(bytes);
    else
      this.#inner.break(
        new TrafficError('UPSTREAM_BROKE', `The answer is longer than ${maxAskedAnswerBytes / 1024 / 1024} MiB and cannot be checked.`),
      );
  }

  #decided(verdict: Verdict): void {
    if (this.#isOver) {
      if (verdict.kind === 'answer') verdict.answer.body.abort();
      return;
    }
    if (verdict.kind === 'refuse') {
      const { code, reason, facts = {}, rawHeaders = [] } = verdict;
      this.#own({ code, message: reason, facts, rawHeaders }, ['own-error', 'refused']);
      return;
    }
    const { answer } = verdict;
    this.#answer = answer;
    // Nobody on the way wants to see the answer: it passes without a question.
    if (answer.body === this.#inner && this.#fate === 'open') {
      this.#passOn([]);
      this.#over();
      return;
    }
    if (this.#isSent) this.#passOn(this.ids);
    answer.body.start(
      new AnswerCollector(
        bytes => this.#complete(bytes, []),
        error => this.#broke(error),
      ),
    );
  }

  #failed(error: unknown): void {
    if (this.#isOver) return;
    if (!(error instanceof TrafficError)) this.#deps.log.error('A stage failed', { ask: this.number, error: String(error) });
    this.#own(ownReason(error), ['own-error']);
  }

  #broke(error: TrafficError): void {
    if (!this.#isOver) this.#own(ownReason(error), ['own-error']);
  }

  /** We answer by ourselves: at once, or, when the line has gone on already, in place of what the server will say. */
  #own(reason: OwnReason, flags: readonly Flag[]): void {
    const text = ownLine(reason, this.#line.guard);
    if (text === undefined && this.#fate === 'open')
      return this.#end({ kind: 'drop', marks: { ...this.#marks(), flags: ['refused'] } }, noBytes);
    this.#complete(Buffer.from(text ?? ''), flags);
  }

  #complete(bytes: Uint8Array, flags: readonly Flag[]): void {
    if (this.#isOver) return;
    if (this.#fate === 'open') {
      // The stages have answered without the server.
      if (bytes.length === 0 || this.ids.length === 0) this.#end({ kind: 'drop', marks: this.#marks() }, noBytes);
      else this.#end({ kind: 'answer', answerFlags: flags, marks: this.#marks() }, oneLine(bytes));
      return;
    }
    this.#output = { bytes, flags };
    if (this.ids.length === 0) this.#over();
    else if (this.#asked !== undefined) this.#tellAnswer();
  }

  #passOn(awaits: readonly string[]): void {
    if (this.#fate !== 'open') return;
    this.#fate = 'passed';
    const head = { awaits, marks: this.#marks() };
    if (isSame(this.#outgoing, this.#line.bytes)) this.#tell({ kind: 'pass', ...head }, noBytes);
    else this.#tell({ kind: 'replace', ...head }, oneLine(this.#outgoing));
  }

  #end(head: VerdictHead, bytes: Uint8Array): void {
    this.#fate = 'ended';
    this.#tell(head, bytes);
    this.#over();
  }

  #tellAnswer(): void {
    const asked = this.#asked;
    const output = this.#output;
    if (asked === undefined || output === undefined) return;
    const { bytes, flags } = output;
    const decisions = this.#marks();
    const marks = flags.length === 0 ? decisions : { ...decisions, flags };
    const head = { marks, batch: asked.batch };
    if (bytes.length === 0) asked.tell({ kind: 'drop', ...head }, noBytes);
    else if (asked.batch === undefined && isSame(bytes, asked.bytes)) asked.tell({ kind: 'pass', ...head }, noBytes);
    else asked.tell({ kind: 'replace', ...head }, oneLine(bytes));
    this.#over();
  }

  /** Decisions since the last frame of this exchange. */
  #marks(more: readonly Decision[] = []): FrameMarks | undefined {
    const { decisions } = this.#line.guard;
    const verdicts = [...decisions.slice(this.#toldCount, this.#toldCount + maxDecisions), ...more].map(cut);
    this.#toldCount = decisions.length;
    return verdicts.length === 0 ? undefined : { verdicts };
  }

  #over(): void {
    if (this.#isOver) return;
    this.#isOver = true;
    this.#onOver();
  }
}

function cut(decision: Decision): Decision {
  const { reason } = decision;
  return reason === undefined || reason.length <= maxReasonChars
    ? decision
    : { ...decision, reason: `${reason.slice(0, maxReasonChars)}…` };
}

function isSame(one: Uint8Array, other: Uint8Array): boolean {
  return one === other || Buffer.compare(one, other) === 0;
}

/** A message is one line: what breaks it in JSON is white space. */
function oneLine(bytes: Uint8Array): Uint8Array {
  if (!bytes.includes(10) && !bytes.includes(13)) return bytes;
  return Uint8Array.from(bytes, byte => (byte === 10 || byte === 13 ? 32 : byte));
}
