/** Which channel gives way when there is no room for another one: that which nobody has used for longest, if that is long enough. */

/** A channel that was used within this time is kept: its client may be between two calls. */
export const IDLE_BEFORE_RECLAIM_MS = 30_000;
/** All are busy; how long that takes, nobody knows. */
const BUSY_WAIT_MS = 5000;
const MIN_WAIT_MS = 1000;

export interface Reclaimable {
  /** Monotonic µs. */
  readonly lastUsedUs: number;
  /** It has an open GET stream, or somebody waits for an answer. */
  readonly isBusy: boolean;
  /** Ends it and resolves when nothing of it is left; undefined where it is in use after all. */
  end(idleSeconds: number): Promise<void> | undefined;
}

/** `closed`: one is going. `waitMs`: none may; that is how long it takes at least until one might. */
export function endIdlest(
  all: readonly Reclaimable[],
  nowUs: number,
): { readonly closed: Promise<void> } | { readonly closed?: undefined; readonly waitMs: number } {
  const idle = all.filter(({ isBusy }) => !isBusy).sort((one, other) => one.lastUsedUs - other.lastUsedUs);
  for (const channel of idle) {
    const idleMs = (nowUs - channel.lastUsedUs) / 1000;
    if (idleMs < IDLE_BEFORE_RECLAIM_MS) return { waitMs: Math.max(MIN_WAIT_MS, Math.ceil(IDLE_BEFORE_RECLAIM_MS - idleMs)) };
    const closed = channel.end(Math.floor(idleMs / 1000));
    if (closed !== undefined) return { closed };
  }
  return { waitMs: BUSY_WAIT_MS };
}
