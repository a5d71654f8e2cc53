/** The store on the engine's thread: forwards to the writer and the reader, and tells the reader what the writer did. */
import type { Clock, Logger } from '../ports.ts';
import type { StoreStats, ViewState } from '../../shared/model/timeline.ts';
import { packBatch } from './packed-batch.ts';
import { defaultRetention, type Retention } from './retention.ts';
import { StoreThread } from './store-thread.ts';
import type { CommitReceipt, QuickCheck, TrafficStore } from './traffic-store.ts';
import type { ReaderCalls, ReaderData, StoreChange, WorkerEvent, WriterCalls, WriterData } from './worker-protocol.ts';

export interface OpenStoreOptions {
  /** The database file; its directory is made when missing. */
  readonly path: string;
  /** The entries of the two threads; the host knows where they were built to. */
  readonly workers: { readonly writer: URL | string; readonly reader: URL | string };
  readonly clock: Clock;
  readonly log: Logger;
  /** Cap of the file; beyond it commits fail as on a full disk, until something is purged. */
  readonly maxSizeBytes?: number;
  /** What is kept; what is not named is as in `defaultRetention` (30 days, 2 GiB). */
  readonly retention?: Partial<Retention>;
}

const nothing: StoreChange = {
  insertedIds: [],
  updatedIds: [],
  frameIds: { from: 1, to: 0 },
  removedFrameIds: [],
  sessionKeys: [],
  indexedFrames: undefined,
};

/** Opens (or creates) the store. Resolves also when the file cannot be opened: traffic goes on, `stats` says what is wrong, and each commit tries again. */
export async function openStore(options: OpenStoreOptions): Promise<TrafficStore> {
  const store = new ThreadedStore(options);
  await store.opened;
  return store;
}

class ThreadedStore implements TrafficStore {
  readonly opened: Promise<void>;
  #path: string;
  #log: Logger;
  readonly #retention: Retention;
  #writer: StoreThread<WriterCalls>;
  #reader: StoreThread<ReaderCalls>;
  readonly #startReader: (name: string) => StoreThread<ReaderCalls>;
  #commitListeners = new Set<(receipt: CommitReceipt) => void>();
  #viewListeners = new Set<(viewId: string, state: ViewState) => void>();

  constructor({ path, workers, log, maxSizeBytes, retention }: OpenStoreOptions) {
    this.#path = path;
    this.#log = log;
    const onEvent = (event: WorkerEvent) => this.#onEvent(event);
    this.#retention = { ...defaultRetention, ...retention };
    const writerData: WriterData = { path, maxSizeBytes, retention: this.#retention };
    const readerData: ReaderData = { path };
    const onRestarted = () => {
      log.warn('A store thread was started again');
      void this.#reader.call('reopen', []).catch(() => {});
    };
    this.#writer = new StoreThread({ name: 'writer', entry: workers.writer, data: writerData, log, onEvent, onRestarted });
    this.#startReader = name => new StoreThread({ name, entry: workers.reader, data: readerData, log, onEvent, onRestarted });
    this.#reader = this.#startReader('reader');
    this.opened = this.#writer.call('state', []).then(() => undefined);
  }

  async commit(batch: Parameters<TrafficStore['commit']>[0]): Promise<CommitReceipt> {
    const packed = packBatch(batch);
    const { frameIds, renamedSessionKeys, rejected, ...receipt } = await this.#writer.call('commit', [packed], [packed.bodies.buffer]);
    if (rejected.count > 0) this.#log.error('Records could not be stored', { count: rejected.count, reason: rejected.firstReason });
    this.#tellReader({
      ...nothing,
      insertedIds: receipt.insertedIds,
      updatedIds: receipt.updatedIds,
      frameIds,
      sessionKeys: renamedSessionKeys,
    });
    this.#announce(receipt);
    return receipt;
  }

  async setRetention(bounds: Pick<Retention, 'maxAgeMs' | 'maxStoredBytes'> = defaultRetention): Promise<void> {
    const { maxAgeMs, maxStoredBytes } = bounds;
    // A thread that is started again begins with these.
    Object.assign(this.#retention, { maxAgeMs, maxStoredBytes });
    await this.#writer.call('setRetention', [{ maxAgeMs, maxStoredBytes }]);
  }

  async renameSession(id: string, name: string): Promise<void> {
    await this.#writer.call('renameSession', [id, name]);
  }

  async deleteSessions(ids: readonly string[], deletedAt: number): Promise<void> {
    this.#tellReader({ ...nothing, sessionKeys: await this.#writer.call('deleteSessions', [ids, deletedAt]) });
  }

  async restoreSessions(ids: readonly string[]): Promise<void> {
    this.#tellReader({ ...nothing, sessionKeys: await this.#writer.call('restoreSessions', [ids]) });
  }

  purgeDeleted(before: number): Promise<number> {
    return this.#writer.call('purgeDeleted', [before]);
  }

  async markInterrupted(at: number): Promise<readonly string[]> {
    const { ids, keys } = await this.#writer.call('markInterrupted', [at]);
    this.#tellReader({ ...nothing, sessionKeys: keys });
    return ids;
  }

  async appendAudit(...args: Parameters<TrafficStore['appendAudit']>): Promise<void> {
    await this.#writer.call('appendAudit', args);
  }

  trimAudit: TrafficStore['trimAudit'] = start => this.#writer.call('trimAudit', [start]);
  auditHead: TrafficStore['auditHead'] = () => this.#reader.call('auditHead', []);
  auditHashes: TrafficStore['auditHashes'] = (afterSeq, limit) => this.#reader.call('auditHashes', [afterSeq, limit]);
  auditRows: TrafficStore['auditRows'] = query => this.#reader.call('auditRows', [query]);
  sessionPast: TrafficStore['sessionPast'] = id => this.#reader.call('sessionPast', [id]);
  session: TrafficStore['session'] = id => this.#reader.call('session', [id]);
  sessions: TrafficStore['sessions'] = query => this.#reader.call('sessions', [query]);
  frames: TrafficStore['frames'] = query => this.#reader.call('frames', [query]);
  framesWithBodies: TrafficStore['framesWithBodies'] = query => this.#reader.call('framesWithBodies', [query]);
  exchange: TrafficStore['exchange'] = id => this.#reader.call('exchange', [id]);
  exchangeByKey: TrafficStore['exchangeByKey'] = exchangeId => this.#reader.call('exchangeByKey', [exchangeId]);
  related: TrafficStore['related'] = id => this.#reader.call('related', [id]);
  body: TrafficStore['body'] = query => this.#reader.call('body', [query]);
  openView: TrafficStore['openView'] = (viewId, spec) => this.#reader.call('openView', [viewId, spec]);
  closeView: TrafficStore['closeView'] = viewId => this.#reader.call('closeView', [viewId]);
  viewState: TrafficStore['viewState'] = viewId => this.#reader.call('viewState', [viewId]);
  viewRows: TrafficStore['viewRows'] = (viewId, from, count) => this.#reader.call('viewRows', [viewId, from, count]);
  viewIndexOf: TrafficStore['viewIndexOf'] = (viewId, id) => this.#reader.call('viewIndexOf', [viewId, id]);
  viewFind: TrafficStore['viewFind'] = (viewId, query) => this.#reader.call('viewFind', [viewId, query]);
  filterValues: TrafficStore['filterValues'] = (key, prefix, limit) => this.#reader.call('filterValues', [key, prefix, limit]);

  onViewChanged(listener: (viewId: string, state: ViewState) => void): () => void {
    this.#viewListeners.add(listener);
    return () => this.#viewListeners.delete(listener);
  }

  onCommitted(listener: (receipt: CommitReceipt) => void): () => void {
    this.#commitListeners.add(listener);
    return () => this.#commitListeners.delete(listener);
  }

  async stats(): Promise<StoreStats> {
    const [state, totals] = await Promise.allSettled([this.#writer.call('state', []), this.#reader.call('totals', [])]);
    const empty = { sizeBytes: 0, sessionCount: 0, frameCount: 0, exchangeCount: 0, schemaVersion: 0 };
    return {
      path: this.#path,
      ...(totals.status === 'fulfilled' ? totals.value : empty),
      ...(state.status === 'fulfilled' ? state.value : { state: 'failed', problem: String(state.reason) }),
    };
  }

  async quickCheck(deadlineMs: number): Promise<QuickCheck> {
    const checker = this.#startReader('checker');
    try {
      return await checker.call('quickCheck', [deadlineMs]);
    } finally {
      await checker.close();
    }
  }

  /** Waits for what was handed over; a second call does nothing. */
  async close(): Promise<void> {
    try {
      await this.#reader.close();
    } finally {
      await this.#writer.close();
    }
  }

  #tellReader(change: StoreChange): void {
    this.#reader.call('changed', [change]).catch(() => {
      // A reader that died is started again by the next query and reads the file anew.
    });
  }

  #onEvent(event: WorkerEvent): void {
    switch (event.event) {
      case 'indexed':
        this.#tellReader({ ...nothing, indexedFrames: { from: event.from, to: event.to } });
        return;
      case 'expired':
        this.#tellReader({ ...nothing, sessionKeys: event.sessionKeys });
        this.#announce({ frameCount: 0, insertedIds: [], updatedIds: [], sessionIds: event.sessionIds, committedSeq: {} });
        return;
      case 'removed':
        this.#tellReader({ ...nothing, updatedIds: event.exchangeIds, removedFrameIds: event.frameIds });
        return;
      case 'reopened':
        this.#reader
          .call('reopen', [])
          .catch(error => this.#log.warn('The reader did not follow to the new file', { error: String(error) }));
        return;
      case 'log':
        this.#log[event.level](event.message, event.facts);
        return;
      case 'view':
        for (const listener of this.#viewListeners) this.#notify(() => listener(event.viewId, event.state));
        return;
      case 'ready':
        return;
    }
  }

  #announce(receipt: CommitReceipt): void {
    for (const listener of this.#commitListeners) this.#notify(() => listener(receipt));
  }

  #notify(tell: () => void): void {
    try {
      tell();
    } catch (error) {
      this.#log.error('A listener of the store failed', { error: String(error) });
    }
  }
}
