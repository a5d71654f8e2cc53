/** The messages of the contract on any wire: Electron IPC and the headless WebSocket carry these same shapes, as JSON. */
import { z } from 'zod';
import type { ErrorCode } from '../errors/error-table.ts';

/** Grows when an older peer could misread a newer one; host and CLI refuse to talk across versions. */
export const contractVersion = 1;

export type Reply<T> =
  { readonly ok: true; readonly value: T } | { readonly ok: false; readonly code: ErrorCode; readonly message: string };

/** From a client of the contract to the host. */
export const ClientMessage = z.discriminatedUnion('type', [
  z.object({ type: z.literal('call'), id: z.number().int(), name: z.string(), input: z.unknown() }),
  z.object({ type: z.literal('subscribe'), id: z.number().int(), topic: z.string(), params: z.unknown() }),
  z.object({ type: z.literal('unsubscribe'), id: z.number().int() }),
]);
export type ClientMessage = z.infer<typeof ClientMessage>;

/** From the host. `message` carries the subscription's id; `seq` starts at 1 for each subscription. */
export type HostMessage =
  | { readonly type: 'reply'; readonly id: number; readonly reply: Reply<unknown> }
  | { readonly type: 'message'; readonly id: number; readonly seq: number; readonly message: unknown }
  | { readonly type: 'closed'; readonly id: number; readonly code: ErrorCode; readonly message: string };

/** What the preload exposes as `window.shadowcat`, and what the renderer's WebSocket wire implements too. */
export interface Bridge {
  call(name: string, input: unknown): Promise<Reply<unknown>>;
  /** Returns the way to unsubscribe. `onMessage` gets (seq, message); `onClosed` ends it. */
  subscribe(
    topic: string,
    params: unknown,
    onMessage: (seq: number, message: unknown) => void,
    onClosed: (code: string, message: string) => void,
  ): () => void;
}
