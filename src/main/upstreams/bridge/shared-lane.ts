/**
 * Where the messages of a server go that many clients share (2026-07-28): only to the request they name. What names none is
 * given to nobody, unless all requests came from one client so far: what one client's call logs is not for another.
 */
import { TrafficError } from '../../../shared/errors/error-table.ts';
import type { Logger } from '../../ports.ts';
import type { Asked } from './asked.ts';
import type { Lane, Link } from './link.ts';

/** A client that leaves this much unread would make all others wait, or us keep it: its stream is ended. */
const MAX_UNREAD_BYTES = 16 * 1024 * 1024;

export class SharedLane implements Lane {
  readonly takesRequests = false;
  readonly #link: Link;
  readonly #log: Logger;
  #onlyAsker: string | undefined;
  #hasMany = false;
  #droppedCount = 0;

  constructor(link: Link, log: Logger) {
    this.#link = link;
    this.#log = log;
  }

  /** Somebody asks. */
  seen(asker: string): void {
    if (this.#onlyAsker === undefined) this.#onlyAsker = asker;
    else if (this.#onlyAsker !== asker) this.#hasMany = true;
  }

  get isHeard(): boolean {
    return this.#link.replies.size > 0;
  }

  /** Nobody is asked anything here. */
  withdraw(): void {}

  deliver(message: Buffer, about: Asked | undefined): void {
    const asked = about ?? (this.#hasMany ? undefined : this.#link.asked.sole());
    const reply = asked?.reply;
    if (reply === undefined) {
      this.#drop('names no open request');
      return;
    }
    if (reply.waitingBytes > MAX_UNREAD_BYTES) {
      reply.fail(new TrafficError('UPSTREAM_BROKE', 'The client reads its stream too slowly.', { facts: { may_have_executed: true } }));
      this.#link.abandon(reply, true);
    } else if (!reply.passes(message)) this.#drop('came for a client that takes no event stream');
  }

  #drop(why: string): void {
    this.#droppedCount += 1;
    if (this.#droppedCount % 1000 === 1)
      this.#log.info(`A notification of a server was left out: it ${why}`, { count: this.#droppedCount });
  }
}
