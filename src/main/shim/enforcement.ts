/**
 * Applies what the hub decides to the two directions of a session: which lines wait, what becomes of them, and what happens
 * when the hub is gone. Without a hub that says otherwise, everything streams.
 */
import type { Flag } from '../../shared/model/frame.ts';
import type { Decision } from '../../shared/model/gateway-event.ts';
import { seqOfFrame } from '../../shared/shim/frame-coding.ts';
import {
  maxAskedAnswerBytes,
  maxAskedLineBytes,
  messageType,
  type FrameMarks,
  type LifecycleFact,
  type ShimMode,
  type VerdictHead,
} from '../../shared/shim/protocol.ts';
import { AskDesk, type WaitingAsk } from './ask-desk.ts';
import { answersOf, ExpectedAnswers, isArray, ownIn, type Expected } from './expected-answers.ts';
import { Lane, passed, type HeldLine, type Ruling } from './lane.ts';
import type { Outlet } from './outlet.ts';
import { answerWithheldLine, hostGoneLine, questionUnjudgedLine, requestsIn, tooLongLine } from './own-lines.ts';
import type { Tap } from './tap.ts';

/** A line of a server that is longer than this is read by no client either: a string of V8 cannot hold it. */
const maxServerLineBytes = 512 * 1024 * 1024;
/** Answers of ours that one side does not read; with more than that none of its lines are read. */
const maxUnreadBytes = 16 * 1024 * 1024;

type ModeWord = Extract<LifecycleFact, { event: 'mode' }>['mode'];

export interface EnforcementOptions {
  readonly tap: Tap;
  readonly toServer: Outlet;
  readonly toClient: Outlet;
  readonly send: (messages: readonly Uint8Array[]) => void;
  /** The hub owes an answer for too long. */
  readonly onSilent: () => void;
  /** There may be room again in one of the lanes. */
  readonly onRoom: () => void;
}

/** An answer to a part of a batch. */
interface Gathered {
  readonly line: HeldLine;
  readonly ids: readonly string[];
}

export class Enforcement {
  readonly fromClient: Lane;
  readonly fromServer: Lane;
  readonly #options: EnforcementOptions;
  readonly #desk: AskDesk;
  readonly #expected = new ExpectedAnswers();
  /** Answers to parts of a batch, until it is complete; by the ask that brought the batch. */
  readonly #gathered = new Map<number, Gathered[]>();
  /** Batches that are complete by a verdict that still waits for its turn: what is gathered for them goes on with that one. */
  readonly #complete = new Set<number>();
  #mode: ModeWord = 'transparent';
  #notedMode: ModeWord = 'transparent';
  #isClosedOnLoss = false;
  /** What the server says of its own accord is asked about, too. */
  #judgesServer = false;
  #isHubHere = false;
  /** Of our answers to the server, since it had read all that there was for it. */
  #answeredBytes = 0;

  constructor(options: EnforcementOptions) {
    this.#options = options;
    const { tap, send, onSilent, onRoom } = options;
    this.#desk = new AskDesk({ send, onSilent });
    this.fromClient = new Lane({
      direction: 'fromClient',
      outlet: options.toServer,
      tap,
      maxLineBytes: maxAskedLineBytes,
      isWatched: () => this.#mode !== 'transparent',
      judge: line => this.#judgeClient(line),
      onSwitched: () => this.#noteMode('host'),
      onRoom,
    });
    this.fromServer = new Lane({
      direction: 'fromServer',
      outlet: options.toClient,
      tap,
      maxLineBytes: maxServerLineBytes,
      isWatched: () => this.#judgesServer || !this.#expected.isEmpty,
      judge: line => this.#judgeServer(line),
      onSwitched: () => undefined,
      onRoom,
    });
  }

  /** Nothing more should be read from the client for now. */
  get isClientFull(): boolean {
    return this.fromClient.isFull || this.#options.toServer.isFull || this.#options.toClient.waitingBytes > maxUnreadBytes;
  }

  get isServerFull(): boolean {
    const { toClient, toServer } = this.#options;
    // A server that asks on and on, and reads none of the answers that it gets for its client. What the client sends it keeps nobody
    // from reading the server: most do not read while they write.
    const hasUnread = toServer.waitingBytes > maxUnreadBytes && this.#answeredBytes > maxUnreadBytes;
    return this.fromServer.isFull || toClient.isFull || hasUnread;
  }

  /** A hub is there and says how lines are treated; one that says nothing of it enforces nothing. */
  setMode(mode: ShimMode | undefined): void {
    this.#mode = mode?.isActive === true ? 'active' : 'transparent';
    this.#isClosedOnLoss = mode?.isActive === true && mode.isClosedOnLoss;
    this.#judgesServer = mode?.isActive === true && mode.judgesServer === true;
    this.#isHubHere = true;
    if (!this.fromClient.isStreaming && this.#mode === 'active') this.#noteMode('host');
    this.fromServer.steer();
    this.fromClient.steer();
  }

  /** A message of the active mode. Throws on what is none. */
  message(type: number, payload: Uint8Array): void {
    if (type === messageType.held) this.#desk.held(seqOfFrame(payload));
    else if (type === messageType.heartbeat) this.#desk.heartbeat();
    else if (type === messageType.verdict) {
      const found = this.#desk.verdict(payload);
      if (found === undefined) return;
      const { head, parts } = found.parcel;
      this.#decided(found.ask, head as unknown as VerdictHead, parts.length === 1 ? (parts[0] as Uint8Array) : Buffer.concat(parts));
    }
  }

  /** The hub is gone. What it had decided stands; what it had not is refused or passes, as it said before. */
  lost(): void {
    const isClosed = this.#isClosedOnLoss;
    this.#isHubHere = false;
    const wasActive = this.#mode === 'active';
    this.#mode = isClosed ? 'closed' : 'transparent';
    if (wasActive) this.#noteMode('host-lost');
    this.#judgesServer &&= isClosed;
    this.#expected.lost(isClosed);
    for (const group of this.#gathered.values()) for (const gathered of group) this.#handOn(gathered);
    this.#gathered.clear();
    for (const ask of this.#desk.lost()) this.#undecided(ask, isClosed);
    this.fromServer.steer();
    this.fromClient.steer();
  }

  /** The server has ended: what still waits reaches nobody. */
  abandon(): void {
    const marks = decidedHere('refused', 'the server ended before this was decided');
    this.fromServer.abandon(marks);
    this.fromClient.abandon(marks);
  }

  /** A line about which nobody will say anything any more. */
  #undecided({ line, head }: WaitingAsk, isClosed: boolean): void {
    if (head.direction === 'fromClient') return this.fromClient.rule(line, isClosed ? this.#hostGone(line) : passed);
    // Of one that is too long to be asked about, nobody knows what it is.
    if (!isClosed && !line.isTooLong) return this.fromServer.rule(line, passed);
    this.fromServer.rule(line, head.isOwn === true ? this.#ownRefused(line, head.ids) : this.#withheld(line, head.ids ?? []));
  }

  #judgeClient(line: HeldLine): Ruling | undefined {
    if (this.#mode === 'closed') return isBlank(line) ? passed : this.#hostGone(line);
    // Also where it would pass by now: the whole of it is not there any more.
    if (line.isTooLong) return this.#tooLong(line);
    if (this.#mode === 'transparent' || isBlank(line)) return passed;
    this.#desk.ask(line, { direction: 'fromClient' });
    return undefined;
  }

  #judgeServer(line: HeldLine): Ruling | undefined {
    if (!line.isTooLong && ((this.#expected.isEmpty && !this.#judgesServer) || isBlank(line))) return passed;
    const expected = this.#expected.take(line);
    if (expected.orphaned.length > 0) return this.#withheld(line, [...expected.orphaned, ...expected.asked]);
    if (expected.asked.length > 0) return this.#askAnswer(line, expected);
    const own = this.#judgesServer ? ownIn(line) : undefined;
    if (own !== undefined && !line.isTooLong) return this.#mode === 'active' ? this.#askOwn(line, own) : this.#ownRefused(line, own);
    // Longer than anybody can read, and not whole any more.
    return line.isTooLong ? { forward: 'nothing', marks: decidedHere('refused', 'the line is too long to be judged') } : passed;
  }

  #askAnswer(line: HeldLine, { asked: ids }: Expected): undefined {
    const isTooLong = line.whole.sizeBytes > maxAskedAnswerBytes;
    this.#desk.ask(line, { direction: 'fromServer', ids, ...(isTooLong ? { isTooLong } : {}) });
    return undefined;
  }

  #askOwn(line: HeldLine, ids: readonly string[]): undefined {
    const isTooLong = line.whole.sizeBytes > maxAskedAnswerBytes;
    this.#desk.ask(line, { direction: 'fromServer', isOwn: true, ids, ...(isTooLong ? { isTooLong } : {}) });
    return undefined;
  }

  /** Nobody is left to judge what the server asks; it is told so in place of its client. */
  #ownRefused(line: HeldLine, ids: readonly string[] = []): Ruling {
    const marks = { ...decidedHere('refused', 'the host is gone'), flags: refusedAlone };
    if (ids.length === 0) return { forward: 'nothing', marks };
    const answer = questionUnjudgedLine(ids, isBatch(line));
    return { forward: 'nothing', marks, afterwards: () => this.#answerServer(answer, refusal) };
  }

  /** Nobody is left to check these answers. What the server asks in one line with them reaches its client as little. */
  #withheld(line: HeldLine, ids: readonly string[]): Ruling {
    const questions = isBatch(line) && !line.isTooLong ? (ownIn(line) ?? []) : [];
    return {
      forward: answerWithheldLine(ids, isBatch(line)),
      marks: { flags: ownError, ...decidedHere('changed', 'the host that checks it is gone') },
      afterwards: () => {
        if (questions.length > 0) this.#answerServer(questionUnjudgedLine(questions, true), refusal);
      },
    };
  }

  #answerServer(answer: Uint8Array, flags: readonly Flag[]): void {
    if (this.#options.toServer.waitingBytes === 0) this.#answeredBytes = 0;
    this.#answeredBytes += answer.length;
    this.fromClient.insert([answer], { flags });
  }

  #decided({ line, head: { direction, ids = [] } }: WaitingAsk, verdict: VerdictHead, bytes: Uint8Array): void {
    const { marks, toServer = [] } = verdict;
    const answerQuestions = () => {
      for (const text of toServer) this.#answerServer(Buffer.from(text), verdict.answerFlags ?? ownError);
    };
    const lane = direction === 'fromClient' ? this.fromClient : this.fromServer;
    const { batch } = verdict;
    if (batch !== undefined && verdict.kind !== 'gather') {
      this.#gathered.delete(batch);
      this.#complete.add(batch);
    }
    const batchOver = () => {
      if (batch !== undefined) this.#complete.delete(batch);
    };
    switch (verdict.kind) {
      case 'gather':
        return lane.rule(line, {
          forward: bytes.length === 0 ? 'nothing' : bytes,
          marks,
          afterwards: () => {
            this.#gather(batch ?? 0, { line, ids });
            answerQuestions();
          },
        });
      case 'drop':
        return lane.rule(line, {
          forward: 'nothing',
          marks,
          afterwards: () => {
            batchOver();
            answerQuestions();
          },
        });
      case 'answer':
        return lane.rule(line, {
          forward: 'nothing',
          marks,
          afterwards: () =>
            direction === 'fromClient'
              ? this.fromServer.insert([bytes], { flags: verdict.answerFlags ?? ownError })
              : this.#answerServer(bytes, verdict.answerFlags ?? ownError),
        });
      case 'pass':
      case 'replace': {
        const { awaits = [] } = verdict;
        return lane.rule(line, {
          forward: verdict.kind === 'pass' ? 'as-is' : bytes,
          marks,
          afterwards: () => {
            batchOver();
            this.#expect(awaits);
            answerQuestions();
          },
        });
      }
      default:
        // A kind that this version does not know can only be one that did not say pass.
        return lane.rule(line, this.#hostGone(line));
    }
  }

  #expect(ids: readonly string[]): void {
    for (const id of ids) this.#expected.expect(id);
    // The hub may have gone while its verdict waited for its turn.
    if (!this.#isHubHere) this.#expected.lost(this.#mode === 'closed');
    this.fromServer.steer();
  }

  #gather(batch: number, gathered: Gathered): void {
    if (this.#complete.has(batch)) return;
    // The hub may have gone while its verdict waited for its turn.
    if (!this.#isHubHere) return this.#handOn(gathered);
    const group = this.#gathered.get(batch) ?? [];
    group.push(gathered);
    this.#gathered.set(batch, group);
  }

  /** The hub is gone: the rest of the batch is not waited for. */
  #handOn({ line, ids }: Gathered): void {
    if (this.#mode === 'closed') this.fromServer.insert([answerWithheldLine(ids, false)], { flags: ownError });
    else this.fromServer.insert(answersOf(line), undefined);
  }

  #hostGone(line: HeldLine): Ruling {
    const { ids, isBatch: isList } = requestsIn(line);
    const marks = decidedHere('refused', 'the host is gone');
    if (ids.length === 0) return { forward: 'nothing', marks: { ...marks, flags: ['refused'] } };
    return { forward: 'nothing', marks, afterwards: () => this.fromServer.insert([hostGoneLine(ids, isList)], { flags: refusal }) };
  }

  #tooLong(line: HeldLine): Ruling {
    const [id] = requestsIn(line).ids;
    const marks = decidedHere('refused', 'the line is too long');
    if (id === undefined) return { forward: 'nothing', marks: { ...marks, flags: ['refused'] } };
    return { forward: 'nothing', marks, afterwards: () => this.fromServer.insert([tooLongLine(id)], { flags: refusal }) };
  }

  /** A fact of the record: from here on lines are treated so. */
  #noteMode(cause: 'host' | 'host-lost'): void {
    if (this.#mode === this.#notedMode) return;
    this.#notedMode = this.#mode;
    this.#options.tap.fact('fromClient', { event: 'mode', mode: this.#mode, cause });
  }
}

const ownError: readonly Flag[] = ['own-error'];
const refusal: readonly Flag[] = ['own-error', 'refused'];
const refusedAlone: readonly Flag[] = ['refused'];

function decidedHere(kind: Decision['kind'], reason: string): FrameMarks {
  return { verdicts: [{ stage: 'shim', kind, reason }] };
}

function isBatch({ whole }: HeldLine): boolean {
  return isArray(whole.parts);
}

/** Nothing but white space asks nobody for anything. */
function isBlank({ whole }: HeldLine): boolean {
  return whole.sizeBytes < 64 && Buffer.concat(whole.parts).toString('latin1').trim() === '';
}
