/**
 * The shim's side of the socket: finds the hub through host.json, says who it is, sends what the hub has not
 * committed, and does all that again whenever the hub went away. Nothing in the traffic waits for it.
 */
import { readFile } from 'node:fs';
import { connect, type Socket } from 'node:net';
import { join } from 'node:path';
import { isMarkedFrame, seqOfFrame, unmarkedFrame } from '../../shared/shim/frame-coding.ts';
import { hostFileName, readHubAddress, type HubAddress } from '../../shared/shim/host-file.ts';
import { jsonBytes, readMode, readWelcome } from '../../shared/shim/json-message.ts';
import { encodeMessage, messageHeadBytes, MessageReader } from '../../shared/shim/message-coding.ts';
import {
  activeMode,
  activeArraysMode,
  activeServerMode,
  messageType,
  shimProtocolVersion,
  transparentMode,
  type ShimHello,
  type ShimMode,
  type ShimSession,
} from '../../shared/shim/protocol.ts';
import { crc32 } from './checksum.ts';
import { FrameWindow } from './frame-window.ts';
import type { FrameLog } from './frame-log.ts';
import type { Spool } from './spool.ts';

/** A host that is killed and started again should be met at once; one that is not there costs a look per second. */
const firstRetryMs = 25;
const lastRetryMs = 1_000;
const welcomeWithinMs = 10_000;
const spoolReadBytes = 256 * 1024;
/** A person sees no delay, and a busy session makes tens of frames in it. */
const gatherMs = 4;
const gatherBytes = 64 * 1024;

export interface HubLinkOptions {
  readonly dataDir: string;
  readonly log: FrameLog;
  /** Asked at the first attempt, after the server was started. */
  readonly session: () => ShimSession;
  /** A hub is there, or has changed its mind: how lines are treated. Undefined from a hub without an active mode. */
  readonly onMode: (mode: ShimMode | undefined) => void;
  /** Another message of the active mode. Throws on what is none. */
  readonly onMessage: (type: number, payload: Uint8Array) => void;
  /** The hub that was there is gone. */
  readonly onLost: () => void;
}

export class HubLink {
  readonly #options: HubLinkOptions;
  #socket: Socket | undefined;
  #state: 'idle' | 'connecting' | 'online' | 'closed' = 'idle';
  #attemptCount = 0;
  #wasOffline: boolean | undefined;
  #isOver = false;
  #timer: NodeJS.Timeout | undefined;
  #welcomeTimer: NodeJS.Timeout | undefined;
  #pumpTimer: NodeJS.Timeout | undefined;
  #gatheredBytes = 0;
  /** The newest frame that this connection was given. */
  #sentSeq = 0;
  #mayWrite = true;
  /** The hub that is there knows the active mode. */
  #isActiveHub = false;
  readonly #window = new FrameWindow();
  #isCorked = false;
  #isMet = false;
  #spoolReading: { readonly spool: Spool; readonly reader: MessageReader; positionBytes: number; isBusy: boolean } | undefined;
  readonly #waiting = new Set<() => void>();

  constructor(options: HubLinkOptions) {
    this.#options = options;
  }

  start(): void {
    this.#tryHub();
  }

  get isOnline(): boolean {
    return this.#state === 'online';
  }

  /** A hub has answered since the start. */
  get wasMet(): boolean {
    return this.#isMet;
  }

  /** A frame is in the log. Frames go out together: a write for each would stand between a request and its answer. */
  frameAdded(sizeBytes: number): void {
    if (this.#state !== 'online') return;
    this.#gatheredBytes += sizeBytes;
    if (this.#gatheredBytes >= gatherBytes) this.#pump();
    else this.#pumpTimer ??= setTimeout(() => this.#pump(), gatherMs);
  }

  /** Sends messages of the active mode, ahead of the frames that still wait here. */
  send(messages: readonly Uint8Array[]): void {
    const socket = this.#socket;
    if (socket === undefined || this.#state !== 'online') return;
    if (!this.#isCorked) {
      this.#isCorked = true;
      socket.cork();
      process.nextTick(() => {
        this.#isCorked = false;
        socket.uncork();
      });
    }
    for (const message of messages) this.#mayWrite = socket.write(message);
  }

  /** The hub is there but does not do its part: like one that is gone. */
  giveUp(): void {
    this.#socket?.destroy();
  }

  /** Resolves when the first attempt has met a hub or found none, or after `withinMs`. */
  async settled(withinMs: number): Promise<void> {
    await this.#until(() => this.isOnline || this.#wasOffline !== undefined, withinMs);
  }

  /** Resolves once a hub has answered, or false after `withinMs`. */
  async met(withinMs: number): Promise<boolean> {
    await this.#until(() => this.isOnline, withinMs);
    return this.isOnline;
  }

  /** The last frame is in the log: waits at most `withinMs` for its commit. With no hub at hand it does not wait. */
  async finish(withinMs: number): Promise<void> {
    this.#isOver = true;
    const { log } = this.#options;
    if (this.#state === 'online') this.#pump();
    // A host may have come since the last look; when there is none, this costs a failed open.
    if (this.#state === 'idle') {
      clearTimeout(this.#timer);
      this.#tryHub();
    }
    await this.#until(() => log.ackedSeq >= log.lastSeq || (this.#state !== 'online' && this.#state !== 'connecting'), withinMs);
    this.#state = 'closed';
    clearTimeout(this.#timer);
    clearTimeout(this.#welcomeTimer);
    this.#socket?.end();
    await log.close();
  }

  #until(isReached: () => boolean, withinMs: number): Promise<void> {
    if (isReached()) return Promise.resolve();
    return new Promise(resolve => {
      const done = (): void => {
        clearTimeout(late);
        this.#waiting.delete(look);
        resolve();
      };
      const look = (): void => {
        if (isReached()) done();
      };
      const late = setTimeout(done, withinMs);
      this.#waiting.add(look);
    });
  }

  #changed(): void {
    for (const look of this.#waiting) look();
  }

  #tryHub(): void {
    if (this.#state === 'closed') return;
    this.#state = 'connecting';
    readFile(join(this.#options.dataDir, hostFileName), 'utf8', (error, text) => {
      const address = error === null ? readHubAddress(text) : undefined;
      if (this.#state === 'closed') return;
      if (address === undefined) this.#retryLater();
      else this.#connect(address);
    });
  }

  #retryLater(): void {
    if (this.#state === 'closed') return;
    this.#wasOffline ??= true;
    this.#state = 'idle';
    this.#options.log.setOnline(false);
    this.#timer = setTimeout(() => this.#tryHub(), Math.min(lastRetryMs, firstRetryMs * 2 ** Math.min(this.#attemptCount, 10)));
    this.#attemptCount += 1;
    this.#changed();
  }

  #connect({ hubPath, secret }: HubAddress): void {
    const socket = connect(hubPath);
    this.#socket = socket;
    const reader = new MessageReader(crc32);
    socket.on('connect', () => socket.write(encodeMessage(messageType.hello, [jsonBytes(this.#hello(secret))], crc32)));
    socket.on('data', chunk => {
      try {
        reader.push(chunk);
        for (let message = reader.next(); message !== undefined; message = reader.next()) this.#read(message.type, message.payload);
      } catch {
        // No hub of ours, or one that talks nonsense: like none.
        socket.destroy();
      }
    });
    socket.on('drain', () => {
      this.#mayWrite = true;
      this.#pump();
    });
    // The reason of a failure does not matter: the next attempt reads host.json anew. `close` follows.
    socket.on('error', () => undefined);
    socket.on('close', () => {
      clearTimeout(this.#welcomeTimer);
      if (this.#socket !== socket) return;
      this.#socket = undefined;
      this.#spoolReading = undefined;
      this.#window.clear();
      const wasOnline = this.#state === 'online';
      this.#retryLater();
      if (wasOnline) this.#options.onLost();
    });
    this.#welcomeTimer = setTimeout(() => socket.destroy(), welcomeWithinMs);
  }

  #hello(secret: string): ShimHello {
    const { log, session } = this.#options;
    return {
      protocolVersion: shimProtocolVersion,
      secret,
      session: session(),
      lastSeq: log.lastSeq,
      isOver: this.#isOver,
      wasOffline: this.#wasOffline ?? false,
      modes: [transparentMode, activeMode, activeServerMode, activeArraysMode],
    };
  }

  #read(type: number, payload: Uint8Array): void {
    if (type === messageType.ack) {
      const seq = seqOfFrame(payload);
      this.#options.log.ack(seq);
      if (this.#window.ack(seq)) this.#pump();
      this.#changed();
      return;
    }
    if (this.#state === 'online') {
      if (type === messageType.mode) this.#options.onMode(readMode(payload));
      else this.#options.onMessage(type, payload);
      return;
    }
    // A refusal is followed by the end of the connection, and then by the next attempt.
    const welcome = type === messageType.welcome ? readWelcome(payload) : undefined;
    if (welcome === undefined || this.#state !== 'connecting') return;
    clearTimeout(this.#welcomeTimer);
    this.#state = 'online';
    this.#isMet = true;
    this.#wasOffline ??= false;
    this.#attemptCount = 0;
    this.#mayWrite = true;
    this.#isActiveHub = welcome.modes.includes(activeMode);
    this.#sentSeq = welcome.committedSeq;
    this.#options.log.ack(welcome.committedSeq);
    this.#options.log.setOnline(true);
    this.#options.onMode(this.#isActiveHub ? welcome.mode : undefined);
    this.#pump();
    this.#changed();
  }

  /** Sends what the log has behind `#sentSeq`, until the socket is full. */
  #pump(): void {
    clearTimeout(this.#pumpTimer);
    this.#pumpTimer = undefined;
    this.#gatheredBytes = 0;
    const socket = this.#socket;
    if (socket === undefined || this.#state !== 'online') return;
    const { log } = this.#options;
    while (this.#mayWrite && !this.#window.isFull) {
      const { spool } = log;
      if (spool !== undefined && spool.lastSeq > this.#sentSeq) {
        this.#pumpSpool(spool);
        return;
      }
      const frames = log.after(this.#sentSeq);
      if (frames.length === 0) return;
      socket.cork();
      for (const { seq, parts } of frames) {
        this.#sendFrame(socket, seq, parts);
        if (!this.#mayWrite || this.#window.isFull) break;
      }
      socket.uncork();
    }
  }

  #pumpSpool(spool: Spool): void {
    if (this.#spoolReading?.spool !== spool)
      this.#spoolReading = { spool, reader: new MessageReader(crc32), positionBytes: 0, isBusy: false };
    const reading = this.#spoolReading;
    if (reading.isBusy) return;
    reading.isBusy = true;
    const socket = this.#socket;
    spool.read(reading.positionBytes, spoolReadBytes, (error, bytes) => {
      reading.isBusy = false;
      // Another connection, or another spool file, has taken over.
      if (socket === undefined || this.#socket !== socket || this.#spoolReading !== reading) return;
      if (this.#options.log.spool !== spool) {
        this.#pump();
        return;
      }
      if (error !== null || bytes.length === 0) {
        socket.destroy();
        return;
      }
      reading.positionBytes += bytes.length;
      this.#sendSpooled(socket, reading.reader, bytes);
      this.#pump();
    });
  }

  #sendSpooled(socket: Socket, reader: MessageReader, bytes: Uint8Array): void {
    socket.cork();
    reader.push(bytes);
    for (let message = reader.next(); message !== undefined; message = reader.next()) {
      if (message.type !== messageType.frame) continue;
      const seq = seqOfFrame(message.payload);
      if (seq <= this.#sentSeq) continue;
      this.#sendFrame(socket, seq, [message.bytes]);
    }
    socket.uncork();
  }

  #sendFrame(socket: Socket, seq: number, parts: readonly Uint8Array[]): void {
    if (this.#isActiveHub) this.#window.sent(seq, parts);
    for (const part of this.#isActiveHub ? parts : understood(parts)) this.#mayWrite = socket.write(part);
    this.#sentSeq = seq;
  }
}

/** A frame as hubs without an active mode understand it. */
function understood(parts: readonly Uint8Array[]): readonly Uint8Array[] {
  if (!isMarkedFrame((parts[0] as Uint8Array).subarray(messageHeadBytes))) return parts;
  return unmarkedFrame(Buffer.concat(parts).subarray(messageHeadBytes), crc32);
}
