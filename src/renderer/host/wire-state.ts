/** Whether the window can reach its host, and what to tell a person when it cannot. */

export type WireState =
  | { readonly kind: 'connecting' }
  | { readonly kind: 'connected' }
  /** The host went away; the wire tries again by itself. */
  | { readonly kind: 'lost'; readonly sinceAt: number; readonly attempt: number }
  /** The host is there but does not know this window: only the address it printed helps. */
  | { readonly kind: 'unauthorised'; readonly wasConnected: boolean };

export interface WireStateSource {
  readonly current: WireState;
  onChange(listener: () => void): () => void;
}
