/**
 * One connection of a shim: admission, then frames in, acknowledgements out; asks in, verdicts out. Takes frames in no faster
 * than the store commits; a verdict does not wait for that.
 */
import { createHash, timingSafeEqual } from 'node:crypto';
import type { Socket } from 'node:net';
import { crc32 } from 'node:zlib';
import type { StdioPlans } from '../pipeline/stdio-plan.ts';
import type { Clock, Logger } from '../ports.ts';
import { decodeFrame, type ShimFrame } from '../../shared/shim/frame-coding.ts';
import { jsonBytes, readHello } from '../../shared/shim/json-message.ts';
import { encodeMessage, MessageReader, type Message } from '../../shared/shim/message-coding.ts';
import {
  activeMode,
  activeArraysMode,
  activeServerMode,
  messageType,
  shimProtocolVersion,
  transparentMode,
  type HubRefusal,
  type HubWelcome,
  type ShimHello,
  type ShimMode,
} from '../../shared/shim/protocol.ts';
import { modeOf, ShimAsks } from './shim-asks.ts';
import { serverNameOf } from './shim-exchange.ts';
import type { ShimIntake } from './shim-intake.ts';
import type { ShimIntakes } from './shim-intakes.ts';

/** Uncommitted bytes of one session in this process; over it the shim keeps its frames. */
const maxWaitingBytes = 4 * 1024 * 1024;
/** Frames that were read with asks between them and have to wait for the store. Shims that ask send fewer than that. */
const maxBacklogBytes = 8 * 1024 * 1024;
const helloWithinMs = 5_000;

export interface ShimConnectionDeps {
  readonly secret: string;
  readonly intakes: ShimIntakes;
  readonly clock: Clock;
  readonly log: Logger;
  /** Absent: nothing is ever enforced on wrapped sessions. */
  readonly plans?: StdioPlans | undefined;
}

export class ShimConnection {
  readonly #deps: ShimConnectionDeps;
  readonly #socket: Socket;
  readonly #reader = new MessageReader(crc32);
  #intake: ShimIntake | undefined;
  #asks: ShimAsks | undefined;
  /** Waits for the store to let the session in. */
  #isEntering = false;
  /** Waits for room in the recording queue. */
  #isWaiting = false;
  #backlog: ShimFrame[] = [];
  #backlogBytes = 0;
  #isCommitNoted = false;
  #isRefused = false;
  #stopListening: (() => void)[] = [];
  #ackedSeq = 0;

  constructor(socket: Socket, deps: ShimConnectionDeps) {
    this.#socket = socket;
    this.#deps = deps;
    const late = setTimeout(() => socket.destroy(), helloWithinMs);
    socket.on('data', chunk => {
      clearTimeout(late);
      if (this.#isRefused) return;
      this.#guard(() => this.#reader.push(chunk));
      this.#readOn();
    });
    socket.on('error', error => deps.log.debug('A shim connection failed', { error: error.message }));
    socket.on('close', () => {
      clearTimeout(late);
      for (const stop of this.#stopListening.splice(0)) stop();
      this.#asks?.close();
      if (this.#intake !== undefined) deps.intakes.release(this.#intake);
      this.#intake = undefined;
    });
  }

  close(): void {
    this.#socket.destroy();
  }

  /** Reads what has come, unless that has to wait: for the admission, or for the store. */
  #readOn(): void {
    this.#guard(() => {
      this.#takeBacklog();
      while (!this.#isEntering && !this.#isRefused && !(this.#isBlocked && this.#isBacklogFull)) {
        const message = this.#reader.next();
        if (message === undefined) {
          this.#socket.resume();
          return;
        }
        this.#take(message);
      }
      this.#socket.pause();
    });
  }

  /** No frame can be taken in now. */
  get #isBlocked(): boolean {
    return this.#isWaiting || (this.#intake !== undefined && this.#intake.waitingBytes > maxWaitingBytes);
  }

  /** A shim that never asks has nothing to say that could not wait. */
  get #isBacklogFull(): boolean {
    return this.#asks === undefined || this.#backlogBytes > maxBacklogBytes;
  }

  #takeBacklog(): void {
    let count = 0;
    while (count < this.#backlog.length && !this.#isBlocked) {
      const frame = this.#backlog[count] as ShimFrame;
      count += 1;
      this.#backlogBytes -= sizeOf(frame);
      this.#takeFrame(frame);
    }
    if (count > 0) this.#backlog.splice(0, count);
  }

  #takeFrame(frame: ShimFrame): void {
    this.#intake?.take(frame);
    this.#awaitRoom();
  }

  #guard(read: () => void): void {
    try {
      read();
    } catch (error) {
      this.#deps.log.warn('A shim sent what is no message', { error: (error as Error).message });
      this.#refuse({ code: 'bad-message', reason: 'unreadable message' });
    }
  }

  #take({ type, payload }: Message): void {
    if (this.#intake === undefined) {
      const hello = type === messageType.hello ? readHello(payload) : undefined;
      if (hello === undefined) this.#refuse({ code: 'bad-message', reason: 'expected a hello' });
      else this.#admit(hello);
      return;
    }
    if (type === messageType.ask && this.#asks !== undefined) {
      this.#asks.take(payload);
      return;
    }
    const frame = type === messageType.frame ? decodeFrame(payload) : undefined;
    if (frame === undefined) this.#refuse({ code: 'bad-message', reason: `unexpected message of type ${type}` });
    else if (this.#isBlocked || this.#backlog.length > 0) {
      this.#backlog.push(frame);
      this.#backlogBytes += sizeOf(frame);
    } else this.#takeFrame(frame);
  }

  #admit(hello: ShimHello): void {
    if (!isSameSecret(hello.secret, this.#deps.secret))
      return this.#refuse({ code: 'bad-secret', reason: 'the secret is not that of host.json' });
    if (hello.protocolVersion !== shimProtocolVersion)
      return this.#refuse({ code: 'bad-version', reason: `this hub speaks version ${shimProtocolVersion} of the shim protocol` });
    this.#isEntering = true;
    this.#deps.intakes.acquire(hello.session, hello.wasOffline).then(
      intake => {
        this.#isEntering = false;
        // The shim may have gone while the store was asked.
        if (this.#socket.destroyed) return this.#deps.intakes.release(intake);
        this.#intake = intake;
        this.#ackedSeq = intake.committedSeq;
        this.#stopListening.push(intake.onCommitted(() => this.#noteCommit(intake)));
        const { plans } = this.#deps;
        if (plans !== undefined) this.#enforce(plans, intake, hello);
        const welcome: HubWelcome = {
          protocolVersion: shimProtocolVersion,
          committedSeq: intake.committedSeq,
          modes: plans === undefined ? [transparentMode] : [transparentMode, activeMode, activeServerMode, activeArraysMode],
          ...(this.#asks === undefined ? {} : { mode: this.#asks.mode }),
        };
        this.#send(encodeMessage(messageType.welcome, [jsonBytes(welcome)], crc32));
        this.#readOn();
      },
      (error: unknown) => {
        this.#deps.log.error('A shim could not be let in', { error: (error as Error).message });
        this.#refuse({ code: 'closing', reason: 'the store does not answer' });
      },
    );
  }

  /** Follows what the configuration says of this session, as far as the shim can do it. */
  #enforce(plans: StdioPlans, intake: ShimIntake, { modes, session }: ShimHello): void {
    const canDo = (mode: ShimMode) =>
      (!mode.isActive || modes.includes(activeMode)) && (!mode.judgesServer || modes.includes(activeServerMode));
    const look = (): void => this.#noteUnenforced(intake, !canDo(modeOf(plans.planFor(serverNameOf(session)))));
    if (!modes.includes(activeServerMode)) {
      look();
      this.#stopListening.push(plans.onChanged(look));
    }
    if (!modes.includes(activeMode)) return;
    const { clock, log } = this.#deps;
    const asks = new ShimAsks({
      plans,
      session,
      conversation: () => intake.conversation,
      clock,
      log,
      partsArrays: modes.includes(activeArraysMode),
      send: message => this.#send(message),
    });
    this.#asks = asks;
    this.#stopListening.push(
      plans.onChanged(() => {
        const mode = asks.refresh();
        if (mode !== undefined) this.#send(encodeMessage(messageType.mode, [jsonBytes(mode)], crc32));
      }),
    );
  }

  #noteUnenforced(intake: ShimIntake, isUnenforced: boolean): void {
    if (isUnenforced && !intake.isUnenforced)
      this.#deps.log.warn('Not everything is enforced in a wrapped session: its shim is too old', { sessionId: intake.session.id });
    intake.isUnenforced = isUnenforced;
  }

  #send(message: Uint8Array): void {
    if (!this.#socket.destroyed) this.#socket.write(message);
  }

  #awaitRoom(): void {
    const room = this.#deps.intakes.room();
    if (room === undefined || this.#isWaiting) return;
    this.#isWaiting = true;
    void room.then(() => {
      this.#isWaiting = false;
      this.#readOn();
    });
  }

  /** Not at once: with recording off, every frame is settled while it is taken in. */
  #noteCommit(intake: ShimIntake): void {
    if (this.#isCommitNoted) return;
    this.#isCommitNoted = true;
    setImmediate(() => {
      this.#isCommitNoted = false;
      if (!this.#socket.destroyed) this.#committed(intake);
    });
  }

  #committed(intake: ShimIntake): void {
    if (intake.committedSeq > this.#ackedSeq) {
      this.#ackedSeq = intake.committedSeq;
      const seq = new Uint8Array(8);
      new DataView(seq.buffer).setFloat64(0, this.#ackedSeq);
      this.#socket.write(encodeMessage(messageType.ack, [seq], crc32));
    }
    this.#readOn();
  }

  #refuse(refusal: HubRefusal): void {
    this.#isRefused = true;
    this.#socket.end(encodeMessage(messageType.refuse, [jsonBytes(refusal)], crc32));
    this.#socket.resume();
    this.#socket.destroySoon();
  }
}

function sizeOf({ body, delivered }: ShimFrame): number {
  return body.length + (delivered?.length ?? 0) + 200;
}

function isSameSecret(given: string, own: string): boolean {
  const digest = (text: string): Buffer => createHash('sha256').update(text).digest();
  return timingSafeEqual(digest(given), digest(own));
}
