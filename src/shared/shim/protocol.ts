/** What the shim and the hub say to each other: message types, the JSON messages, limits. Described in docs/shim-protocol.md. */
import type { Flag } from '../model/frame.ts';
import type { Decision } from '../model/gateway-event.ts';

/** Raised when a message changes its meaning. A hub refuses versions that it does not know. */
export const shimProtocolVersion = 1;

/** First byte of a message. From the hub the high bit is set; 0x10–0x1f and 0x90–0x9f belong to the active mode. */
export const messageType = {
  hello: 0x01,
  frame: 0x02,
  header: 0x03,
  ask: 0x11,
  welcome: 0x81,
  ack: 0x82,
  refuse: 0x83,
  mode: 0x90,
  verdict: 0x91,
  held: 0x92,
  heartbeat: 0x93,
} as const;

/** Frames pass at once and are only recorded: what every shim and every hub can do. */
export const transparentMode = 'transparent';
/** Lines wait for a verdict of the hub while its mode says so. */
export const activeMode = 'active';
/** In the active mode, so do the requests and notifications of servers. */
export const activeServerMode = 'active-server';
/** What a server asks and tells in one line with answers goes its own way, also while the rest of its line is gathered. */
export const activeArraysMode = 'active-arrays';

/** 1 MiB, as everywhere in the record: beyond it a copy ends while size, hash and JSON-RPC facts go on. */
export const copyCapBytes = 1024 * 1024;

/** A frame with two full copies (as received, as delivered) and their facts fits; anything longer is no message of ours. */
export const maxMessageBytes = 2 * copyCapBytes + 192 * 1024;

/** Longest line of a client that can be asked about, as long as a body on a guarded HTTP route; a longer one is refused. */
export const maxAskedLineBytes = 16 * 1024 * 1024;

/** Longest answer of a server that can be asked about; a longer one that has to be is withheld. */
export const maxAskedAnswerBytes = 64 * 1024 * 1024;

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
  /** What this shim can do with lines. Shims that say nothing of it are transparent. */
  readonly modes: readonly string[];
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
  /** How the lines of this session are treated from now on; of hubs that know the active mode. */
  readonly mode?: ShimMode;
}

/** How the lines of one session are treated. Holds until the hub says another, or is lost. */
export interface ShimMode {
  /** Lines wait for a verdict. */
  readonly isActive: boolean;
  /** Without the hub nothing may pass: an enforced deny or require could apply. */
  readonly isClosedOnLoss: boolean;
  /** Requests and notifications of the server wait for a verdict as well; of shims that know this (`activeServerMode`). */
  readonly judgesServer?: boolean;
}

/** What is known of a line besides its bytes, where the active mode had a say in it. */
export interface FrameMarks {
  readonly flags?: readonly Flag[];
  /** What stages decided, outermost first. */
  readonly verdicts?: readonly Decision[];
}

/** What a shim says of a line that waits. */
export interface AskHead {
  readonly direction: 'fromClient' | 'fromServer';
  /** From the server: JSON texts of the ids that it answers and that the hub waits for; of a line of its own, those of its requests. */
  readonly ids?: readonly string[];
  /** The server asks or tells something of its own. */
  readonly isOwn?: boolean;
  /** The line is longer than can be asked about; its bytes do not follow. */
  readonly isTooLong?: boolean;
}

/**
 * What becomes of a line that waits. `pass` as it came, `replace` by the bytes that follow, `drop`; `answer`: it goes no
 * further and its sender gets the bytes. `gather`: its answers are kept by the shim until the batch that they belong to is complete; what
 * the server asks and tells among them goes on at once, as the bytes that follow.
 */
export interface VerdictHead {
  readonly kind: 'pass' | 'replace' | 'drop' | 'answer' | 'gather';
  /** Marks of the line itself. */
  readonly marks?: FrameMarks | undefined;
  /** Flags of the answer (`answer`), or of what `toServer` has. */
  readonly answerFlags?: readonly Flag[] | undefined;
  /** About a line of the server: lines that it gets besides, one for each question in it that may not pass. */
  readonly toServer?: readonly string[] | undefined;
  /** With `pass` and `replace` from the client: ids whose answers must be asked about. */
  readonly awaits?: readonly string[] | undefined;
  /** With `gather` and the verdict that ends it: number of the ask that brought the batch. */
  readonly batch?: number | undefined;
}

export type RefusalCode = 'bad-secret' | 'bad-version' | 'bad-message' | 'closing';

/** Sent before the hub closes a connection that it does not want. */
export interface HubRefusal {
  readonly code: RefusalCode;
  readonly reason: string;
}

/**
 * A fact of the session itself, the body of a lifecycle frame. `exited` is always the last frame of a session. A hub whose
 * policies or limits a shim cannot enforce, because it is older, adds `"unenforced":true` to the facts that it takes in.
 */
export type LifecycleFact = { readonly unenforced?: true } & SessionFact;

type SessionFact =
  | { readonly event: 'started'; readonly pid: number }
  | { readonly event: 'not-started'; readonly code: string; readonly message: string }
  | { readonly event: 'stdin-ended' }
  | { readonly event: 'client-stopped-reading' }
  | { readonly event: 'signal'; readonly signal: string }
  | { readonly event: 'parent-gone' }
  | { readonly event: 'killed' }
  | { readonly event: 'frames-lost'; readonly count: number }
  /** From the next frame on lines wait for a verdict, pass at once, or are refused; because a host said so, or was lost. */
  | { readonly event: 'mode'; readonly mode: 'active' | 'transparent' | 'closed'; readonly cause: 'host' | 'host-lost' }
  | { readonly event: 'exited'; readonly code: number | null; readonly signal: string | null };
