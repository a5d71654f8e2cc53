/** A way to one server process or stream that carries JSON-RPC messages: a child's standard streams, or an HTTP+SSE pair. */
import type { TrafficError } from '../../../shared/errors/error-table.ts';
import type { Exchange } from '../../pipeline/stage.ts';
import type { Conversation } from '../../traffic/conversation.ts';

export interface MessageChannel {
  /**
   * Hands one message over, without line ends. Resolves (or returns) once the server's side has it; rejects or throws with a
   * TrafficError or an HttpRefusal when it could not be delivered, UNAVAILABLE when too much is waiting already. `fields`: the header fields of
   * the request that it came in; none for messages of our own.
   */
  send(message: Buffer, fields?: readonly string[]): Promise<void> | undefined;
  /** Nothing is read from the server until `resume`; what it sends meanwhile makes it wait. */
  pause(): void;
  resume(): void;
  /** Ends it and everything it started; resolves when that is done. `closed` is not called for it. */
  close(): Promise<void>;
}

export interface ChannelEvents {
  /** One message of the server: bytes of well-formed JSON, which may be kept. */
  message(bytes: Buffer): void;
  /** The channel broke by itself; nothing more comes. Called once, and only if nobody closed it. `cleaned`: what it left behind is gone. */
  closed(error: TrafficError, cleaned: Promise<void>): void;
}

/** What a new channel is for. */
export interface ChannelPurpose {
  /** Where what the server says beside the protocol is recorded; undefined for a channel that many clients share. */
  readonly conversation: () => Conversation | undefined;
  /** The request that opens it; its header fields include our credentials. */
  readonly exchange: Exchange;
}

/** The server would not take a message, by an HTTP status that those around a connection know what to do with: 401, 403. */
export class HttpRefusal extends Error {
  readonly status: number;

  constructor(status: number) {
    super(`The server answered with status ${status}.`);
    this.status = status;
  }
}

/** Opens a channel. Rejects with a TrafficError (UPSTREAM_DOWN when nothing was sent) or an HttpRefusal. */
export type OpenChannel = (events: ChannelEvents, purpose: ChannelPurpose) => Promise<MessageChannel>;
