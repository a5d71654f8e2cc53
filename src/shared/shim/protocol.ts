/** What the shim and the hub say to each other: message types, the two JSON messages, limits. Described in docs/shim-protocol.md. */

/** Raised when a message changes its meaning. A hub refuses versions that it does not know. */
export const shimProtocolVersion = 1;

/** First byte of a message. From the hub the high bit is set; 0x10–0x1f and 0x90–0x9f are reserved for the active mode. */
export const messageType = { hello: 0x01, frame: 0x02, header: 0x03, welcome: 0x81, ack: 0x82, refuse: 0x83 } as const;

/** 1 MiB, as everywhere in the record: beyond it a copy ends while size, hash and JSON-RPC facts go on. */
export const copyCapBytes = 1024 * 1024;

/** A frame with a full copy and its facts fits; anything longer is no message of ours. */
export const maxMessageBytes = copyCapBytes + 64 * 1024;

/** What a shim is and what it wraps. It names its session itself, because it may meet its first hub late or never. */
export interface ShimSession {
  readonly id: string;
  /** Epoch ms. */
  readonly startedAt: number;
  readonly pid: number;
  /** Tells this process from a later one with the same pid, where the system can say (Linux); else empty. */
  readonly pidMark: string;
  /** `--name`; empty when none was given. */
  readonly name: string;
  /** Command and arguments of the server. */
  readonly command: readonly string[];
  /** The program that started the shim, as far as it is known. */
  readonly clientName: string;
}

/** First message on every connection. */
export interface ShimHello {
  readonly protocolVersion: number;
  readonly secret: string;
  readonly session: ShimSession;
  /** Highest number given so far. */
  readonly lastSeq: number;
  /** The server has ended and the last frame is numbered. */
  readonly isOver: boolean;
  /** No host answered when the server was started. */
  readonly wasOffline: boolean;
}

/** First message of a spool file: whose frames follow. */
export interface SpoolHeader {
  readonly protocolVersion: number;
  readonly session: ShimSession;
}

/** The hub's answer to a hello. */
export interface HubWelcome {
  readonly protocolVersion: number;
  /** Frames up to here are in the store; the shim goes on behind it. */
  readonly committedSeq: number;
  /** What this hub can do with frames; a shim uses only modes that it knows. */
  readonly modes: readonly string[];
}

export type RefusalCode = 'bad-secret' | 'bad-version' | 'bad-message' | 'closing';

/** Sent before the hub closes a connection that it does not want. */
export interface HubRefusal {
  readonly code: RefusalCode;
  readonly reason: string;
}

/** A fact of the session itself, the body of a lifecycle frame. `exited` is always the last frame of a session. */
export type LifecycleFact =
  | { readonly event: 'started'; readonly pid: number }
  | { readonly event: 'not-started'; readonly code: string; readonly message: string }
  | { readonly event: 'stdin-ended' }
  | { readonly event: 'client-stopped-reading' }
  | { readonly event: 'signal'; readonly signal: string }
  | { readonly event: 'parent-gone' }
  | { readonly event: 'killed' }
  | { readonly event: 'frames-lost'; readonly count: number }
  | { readonly event: 'exited'; readonly code: number | null; readonly signal: string | null };
