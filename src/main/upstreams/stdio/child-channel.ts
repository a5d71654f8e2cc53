/** A channel over the standard streams of a child: one message a line, in both directions. */
import { TrafficError } from '../../../shared/errors/error-table.ts';
import type { Clock, Logger } from '../../ports.ts';
import type { ChannelEvents, ChannelPurpose, MessageChannel } from '../bridge/channel.ts';
import { isJsonContainer } from '../bridge/json-container.ts';
import { onOneLine } from '../bridge/splice.ts';
import { Child, type ChildEnd, type ChildStart } from './child.ts';
import { LineReader } from '../../support/line-reader.ts';
import { StrayOutput } from './stray-output.ts';

export interface ChildChannelOptions {
  readonly start: ChildStart;
  /** For messages: `files/local`. */
  readonly name: string;
  readonly clock: Clock;
  readonly log: Logger;
  readonly told: (what: 'started' | 'exited' | 'killed', reason: string, pid: number) => void;
}

/** 64 MiB: far above any honest message; a server beyond it would fill our memory with one line. */
const MAX_LINE_BYTES = 64 * 1024 * 1024;
/** What may wait for a server that does not read its stdin; beyond it requests are refused. */
const MAX_UNREAD_BYTES = 64 * 1024 * 1024;
const lineFeed = Buffer.from('\n');

/** Starts the child. Rejects with UPSTREAM_DOWN when it cannot be started. */
export async function openChildChannel(
  options: ChildChannelOptions,
  events: ChannelEvents,
  purpose: ChannelPurpose,
): Promise<MessageChannel> {
  const child = await Child.start(options.start);
  options.told('started', 'it was needed', child.pid);
  return new ChildChannel(child, options, events, purpose);
}

class ChildChannel implements MessageChannel {
  readonly #child: Child;
  readonly #options: ChildChannelOptions;
  readonly #events: ChannelEvents;
  readonly #reader: LineReader;
  readonly #stray: StrayOutput;
  #isOver = false;
  /** Why we ended it ourselves, where it broke the rules. */
  #fault: string | undefined;
  #closing: Promise<void> | undefined;

  constructor(child: Child, options: ChildChannelOptions, events: ChannelEvents, purpose: ChannelPurpose) {
    this.#child = child;
    this.#options = options;
    this.#events = events;
    const { clock, log, name } = options;
    this.#stray = new StrayOutput({ conversation: purpose.conversation, clock, log, facts: { upstream: name, pid: child.pid } });
    this.#reader = new LineReader(
      { line: bytes => this.#line(bytes), tooLong: () => this.#breakOff(`it sent a line of more than ${MAX_LINE_BYTES} bytes`) },
      MAX_LINE_BYTES,
    );
    const { stdin, stdout, stderr } = child.process;
    stdout.on('data', (chunk: Buffer) => this.#reader.push(chunk));
    stdout.on('error', () => undefined);
    stderr.on('data', (chunk: Buffer) => this.#stray.stderr(chunk));
    stderr.on('error', () => undefined);
    // It closed its stdin, or is about to end: whatever it is asked now, it does not hear.
    stdin.on('error', () => this.#breakOff('it does not read its stdin any more'));
    void child.ended.then(end => this.#ended(end));
  }

  send(message: Buffer): Promise<void> | undefined {
    const { stdin } = this.#child.process;
    const { name } = this.#options;
    if (this.#isOver || !stdin.writable)
      throw new TrafficError('UPSTREAM_BROKE', `${name} has ended.`, { facts: { may_have_executed: false } });
    if (stdin.writableLength > MAX_UNREAD_BYTES)
      throw new TrafficError('UNAVAILABLE', `${name} does not read what it is sent.`, {
        facts: { state: 'full', retry_after_ms: 1000, may_have_executed: false },
      });
    stdin.cork();
    stdin.write(onOneLine(message));
    stdin.write(lineFeed);
    stdin.uncork();
    return undefined;
  }

  pause(): void {
    this.#child.process.stdout.pause();
  }

  resume(): void {
    this.#child.process.stdout.resume();
  }

  close(): Promise<void> {
    this.#isOver = true;
    this.#closing ??= this.#child.stop().then(() => this.#stray.finish());
    return this.#closing;
  }

  #line(bytes: Buffer): void {
    if (this.#isOver) return;
    if (isJsonContainer(bytes)) this.#events.message(bytes);
    else this.#stray.stdout(bytes);
  }

  #breakOff(fault: string): void {
    if (this.#isOver || this.#fault !== undefined) return;
    this.#fault = fault;
    // After a crash the pipe breaks first; the exit says more, and is a moment away.
    if (this.#child.isAlive) setTimeout(() => this.#child.kill(), 50).unref();
  }

  #ended(end: ChildEnd): void {
    const { told, name } = this.#options;
    const { pid, wasKilled } = this.#child;
    if (!this.#isOver) this.#reader.finish();
    const wasExpected = this.#isOver;
    this.#isOver = true;
    const how = end.signal === null ? `it exited with code ${end.code}` : `it was ended by ${end.signal}`;
    const reason = wasKilled && this.#fault !== undefined ? this.#fault : how;
    told(wasKilled ? 'killed' : 'exited', wasExpected ? `it was stopped: ${how}` : reason, pid);
    if (wasExpected) return;
    // What it started goes with it.
    this.#closing ??= this.#child.stop().then(() => this.#stray.finish());
    this.#events.closed(
      new TrafficError('UPSTREAM_BROKE', `${name} is gone: ${reason}.`, {
        facts: { may_have_executed: true, ...(end.code === null ? {} : { exit_code: end.code }) },
      }),
      this.#closing,
    );
  }
}
