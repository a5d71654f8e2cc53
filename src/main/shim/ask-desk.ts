/**
 * The lines that wait for the hub, by number, and the watch on it: while something waits, a hub that says nothing for too long
 * is as good as gone.
 */
import { encodeParcel, PartJoiner, type Parcel } from '../../shared/shim/ask-coding.ts';
import { maxAskedAnswerBytes, messageType, type AskHead } from '../../shared/shim/protocol.ts';
import { crc32 } from './checksum.ts';
import type { HeldLine } from './lane.ts';

/** A hub answers within 1 s, by a verdict or by `held`; a busy machine may be slower than that. */
const silenceMs = 2_000;
const lookEveryMs = 250;

export interface WaitingAsk {
  readonly number: number;
  readonly line: HeldLine;
  readonly head: AskHead;
  askedAt: number;
  isHeld: boolean;
}

export interface AskDeskOptions {
  /** Sends messages to the hub that is there. */
  readonly send: (messages: readonly Uint8Array[]) => void;
  readonly onSilent: () => void;
}

export class AskDesk {
  readonly #options: AskDeskOptions;
  readonly #waiting = new Map<number, WaitingAsk>();
  #joiner = new PartJoiner(maxAskedAnswerBytes + maxAddedBytes);
  #lastNumber = 0;
  #heardAt = 0;
  #heldCount = 0;
  #lookedAt = 0;
  #timer: NodeJS.Timeout | undefined;

  constructor(options: AskDeskOptions) {
    this.#options = options;
  }

  ask(line: HeldLine, head: AskHead): void {
    const number = (this.#lastNumber += 1);
    const now = performance.now();
    this.#waiting.set(number, { number, line, head, askedAt: now, isHeld: false });
    this.#watch(now);
    this.#options.send(encodeParcel(messageType.ask, { number, head, parts: head.isTooLong === true ? [] : line.whole.parts }, crc32));
  }

  /** A part of a verdict. Returns what was waiting with the whole of it; undefined until then, or for what waits no more. */
  verdict(payload: Uint8Array): { readonly ask: WaitingAsk; readonly parcel: Parcel } | undefined {
    this.heartbeat();
    const parcel = this.#joiner.push(payload);
    if (parcel === undefined) return undefined;
    const ask = this.#waiting.get(parcel.number);
    if (ask === undefined) return undefined;
    this.#remove(ask);
    return { ask, parcel };
  }

  held(number: number): void {
    this.heartbeat();
    const ask = this.#waiting.get(number);
    if (ask === undefined || ask.isHeld) return;
    ask.isHeld = true;
    this.#heldCount += 1;
  }

  heartbeat(): void {
    this.#heardAt = performance.now();
  }

  /** The hub is gone: gives out, in order, what still waits. */
  lost(): readonly WaitingAsk[] {
    const waiting = [...this.#waiting.values()];
    for (const ask of waiting) this.#remove(ask);
    this.#joiner = new PartJoiner(maxAskedAnswerBytes + maxAddedBytes);
    return waiting;
  }

  #remove(ask: WaitingAsk): void {
    this.#waiting.delete(ask.number);
    if (ask.isHeld) this.#heldCount -= 1;
    if (this.#waiting.size > 0) return;
    clearInterval(this.#timer);
    this.#timer = undefined;
  }

  #watch(now: number): void {
    if (this.#timer !== undefined) return;
    this.#heardAt = now;
    this.#lookedAt = now;
    this.#timer = setInterval(() => this.#look(), lookEveryMs).unref();
  }

  #look(): void {
    const now = performance.now();
    const sleptMs = now - this.#lookedAt - lookEveryMs;
    this.#lookedAt = now;
    // This process (or the whole machine) stood still: what the hub said meanwhile has not been read yet.
    if (sleptMs > lookEveryMs) {
      this.#heardAt += sleptMs;
      for (const ask of this.#waiting.values()) ask.askedAt += sleptMs;
    }
    const isForgotten = (): boolean => {
      for (const ask of this.#waiting.values()) if (!ask.isHeld) return now - ask.askedAt > silenceMs;
      return false;
    };
    if ((this.#heldCount > 0 && now - this.#heardAt > silenceMs) || isForgotten()) this.#options.onSilent();
  }
}

/** What stages may add to a line, at most. */
const maxAddedBytes = 16 * 1024 * 1024;
