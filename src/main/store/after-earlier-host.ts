/** What an earlier host of the data directory left in the store, as it can only be now that this host is gone. */
import type { Logger } from '../ports.ts';
import type { TrafficStore } from './traffic-store.ts';

/** Never rejects: a full or read-only disk must not keep traffic from passing; the status says that recording stopped. `startedAt` is of this host, epoch ms. */
export async function settleAfterEarlierHost(
  store: Pick<TrafficStore, 'markInterrupted' | 'purgeDeleted'>,
  startedAt: number,
  log: Logger,
): Promise<void> {
  await store
    .markInterrupted(startedAt)
    .catch((error: unknown) => log.warn('Sessions of an earlier host were not marked as interrupted', { error: String(error) }));
  // What was deleted under an earlier host can no longer be taken back.
  await store.purgeDeleted(startedAt).catch((error: unknown) => log.warn('Deleted sessions were not purged', { error: String(error) }));
}
