/** One connection of a shim: admission, then frames in, acknowledgements out. Reads no faster than the store commits. */
import { createHash, timingSafeEqual } from 'node:crypto';
import type { Socket } from 'node:net';
import { crc32 } from 'node:zlib';
import type { Logger } from '../ports.ts';
import { decodeFrame } from '../../shared/shim/frame-coding.ts';
import { jsonBytes, readHello } from '../../shared/shim/json-message.ts';
import { encodeMessage, MessageReader, type Message } from '../../shared/shim/message-coding.ts';
import { messageType, shimProtocolVersion, type HubRefusal, type HubWelcome, type ShimHello } from '../../shared/shim/protocol.ts';
import type { ShimIntake } from './shim-intake.ts';
import type { ShimIntakes } from './shim-intakes.ts';

/** Uncommitted bytes of one session in this process; over it the shim keeps its frames. */
const maxWaitingBytes = 4 * 1024 * 1024;
const helloWithinMs = 5_000;

export interface ShimConnectionDeps {
  readonly secret: string;
  readonly intakes: ShimIntakes;
  readonly log: Logger;
}

export class ShimConnection {
  readonly #deps: ShimConnectionDeps;
  readonly #socket: Socket;
  readonly #reader = new MessageReader(crc32);
  #intake: ShimIntake | undefined;
  /** Waits for the store to let the session in, or for room in the recording queue. */
  #isWaiting = false;
  #isCommitNoted = false;
  #isRefused = false;
  #stopListening: (() => void) | undefined;
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
      this.#stopListening?.();
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
      while (!this.#isWaiting && !this.#isRefused && !this.#isFull()) {
        const message = this.#reader.next();
        if (message === undefined) {
          this.#socket.resume();
          return;
        }
        this.#take(message);
        this.#awaitRoom();
      }
      this.#socket.pause();
    });
  }

  #guard(read: () => void): void {
    try {
      read();
    } catch (error) {
      this.#deps.log.warn('A shim sent what is no message', { error: (error as Error).message });
      this.#refuse({ code: 'bad-message', reason: 'unreadable message' });
    }
  }

  #isFull(): boolean {
    return this.#intake !== undefined && this.#intake.waitingBytes > maxWaitingBytes;
  }

  #take({ type, payload }: Message): void {
    if (this.#intake === undefined) {
      const hello = type === messageType.hello ? readHello(payload) : undefined;
      if (hello === undefined) this.#refuse({ code: 'bad-message', reason: 'expected a hello' });
      else this.#admit(hello);
      return;
    }
    const frame = type === messageType.frame ? decodeFrame(payload) : undefined;
    if (frame === undefined) this.#refuse({ code: 'bad-message', reason: `unexpected message of type ${type}` });
    else this.#intake.take(frame);
  }

  #admit(hello: ShimHello): void {
    if (!isSameSecret(hello.secret, this.#deps.secret))
      return this.#refuse({ code: 'bad-secret', reason: 'the secret is not that of host.json' });
    if (hello.protocolVersion !== shimProtocolVersion)
      return this.#refuse({ code: 'bad-version', reason: `this hub speaks version ${shimProtocolVersion} of the shim protocol` });
    this.#isWaiting = true;
    this.#deps.intakes.acquire(hello.session, hello.wasOffline).then(
      intake => {
        this.#isWaiting = false;
        // The shim may have gone while the store was asked.
        if (this.#socket.destroyed) return this.#deps.intakes.release(intake);
        this.#intake = intake;
        this.#ackedSeq = intake.committedSeq;
        this.#stopListening = intake.onCommitted(() => this.#noteCommit(intake));
        const welcome: HubWelcome = { protocolVersion: shimProtocolVersion, committedSeq: intake.committedSeq, modes: ['transparent'] };
        this.#socket.write(encodeMessage(messageType.welcome, [jsonBytes(welcome)], crc32));
        this.#readOn();
      },
      (error: unknown) => {
        this.#deps.log.error('A shim could not be let in', { error: (error as Error).message });
        this.#refuse({ code: 'closing', reason: 'the store does not answer' });
      },
    );
  }

  #awaitRoom(): void {
    const room = this.#intake === undefined ? undefined : this.#deps.intakes.room();
    if (room === undefined) return;
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

function isSameSecret(given: string, own: string): boolean {
  const digest = (text: string): Buffer => createHash('sha256').update(text).digest();
  return timingSafeEqual(digest(given), digest(own));
}
