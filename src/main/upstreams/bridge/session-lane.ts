/**
 * Where the messages of one client's server go: the stream of the request they belong to, else the client's GET stream, else
 * the newest stream that is open, else they wait for the next GET stream. Each goes to one place (Streamable HTTP, multiple connections).
 */
import type { Logger } from '../../ports.ts';
import type { Asked } from './asked.ts';
import { EventStream } from './event-stream.ts';
import type { Lane, Link } from './link.ts';

/** Messages that wait for a GET stream; the oldest gives way, counted. */
const MAX_WAITING = 256;
/** Bytes of them, and of a GET stream whose client does not read. */
const MAX_WAITING_BYTES = 4 * 1024 * 1024;

export class SessionLane implements Lane {
  readonly takesRequests = true;
  readonly #link: Link;
  readonly #log: Logger;
  #stream: EventStream | undefined;
  #waiting: { readonly message: Buffer; readonly question: string | undefined }[] = [];
  #waitingBytes = 0;
  #droppedCount = 0;

  constructor(link: Link, log: Logger) {
    this.#link = link;
    this.#log = log;
  }

  get isHeard(): boolean {
    return this.#stream?.isOpen === true || this.#link.replies.size > 0;
  }

  deliver(message: Buffer, about: Asked | undefined, question?: string): void {
    // A request that is alone is only a guess for what a notification is about, and a good one for a question.
    if (about?.reply?.passes(message) === true) return;
    if (this.#stream?.isOpen === true) {
      if (this.#stream.waitingBytes > MAX_WAITING_BYTES) this.#drop('its GET stream is not read', question);
      else this.#stream.message(message);
      return;
    }
    if (this.#newestTakes(message)) return;
    this.#waiting.push({ message, question });
    this.#waitingBytes += message.length;
    while (this.#waiting.length > MAX_WAITING || (this.#waitingBytes > MAX_WAITING_BYTES && this.#waiting.length > 1)) {
      const oldest = this.#waiting.shift();
      this.#waitingBytes -= oldest?.message.length ?? 0;
      this.#drop('it has no open stream', oldest?.question);
    }
  }

  withdraw(question: string): void {
    const at = this.#waiting.findIndex(waiting => waiting.question === question);
    if (at === -1) return;
    const [withdrawn] = this.#waiting.splice(at, 1);
    this.#waitingBytes -= withdrawn?.message.length ?? 0;
  }

  /** The client's GET stream; one that was open ends. */
  open(): EventStream {
    this.#stream?.end();
    const stream = new EventStream({ onLeft: () => (this.#stream = this.#stream === stream ? undefined : this.#stream) });
    this.#stream = stream;
    for (const { message } of this.#waiting.splice(0)) stream.message(message);
    this.#waitingBytes = 0;
    return stream;
  }

  get stream(): EventStream | undefined {
    return this.#stream;
  }

  /** Of the streams that have begun the newest, else the newest answer that can still become one. */
  #newestTakes(message: Buffer): boolean {
    const newestFirst = [...this.#link.replies].reverse();
    const streaming = newestFirst.find(reply => reply.isStreaming && !reply.isOver);
    return streaming?.passes(message) === true || newestFirst.some(reply => reply.passes(message));
  }

  #drop(why: string, question: string | undefined): void {
    this.#droppedCount += 1;
    if (question !== undefined) this.#link.unheard(question, `The client that was asked does not listen: ${why}.`);
    const kind = question === undefined ? 'notification' : 'request';
    if (this.#droppedCount % 1000 === 1)
      this.#log.warn(`A ${kind} of a server was dropped: its client does not listen, ${why}`, { count: this.#droppedCount });
  }
}
