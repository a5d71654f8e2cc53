/** How often a bridge looks at silence, cancellations and idle channels, and after how many looks it does something about them. */
import type { BridgeOptions } from './bridge-options.ts';

const SILENCE_MS = 15_000;
/** Below the minute after which usual servers give up a question, and long enough for a client that connects anew. */
const GONE_MS = 30_000;
const MAX_TICK_MS = 1000;

export interface BridgePace {
  readonly tickMs: number;
  /** So many silent ones lead to a comment. */
  readonly silentTicks: number;
  /** After so many of them without anybody to hear a question, nobody will come. */
  readonly goneTicks: number;
}

export function paceOf({
  silenceMs = SILENCE_MS,
  goneMs = GONE_MS,
  idleMs,
}: Pick<BridgeOptions, 'silenceMs' | 'goneMs' | 'idleMs'>): BridgePace {
  const tickMs = Math.min(MAX_TICK_MS, Math.ceil(silenceMs / 3), Math.ceil(goneMs / 3), Math.ceil(idleMs / 3));
  return { tickMs, silentTicks: Math.ceil(silenceMs / tickMs), goneTicks: Math.ceil(goneMs / tickMs) };
}
