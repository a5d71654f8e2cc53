/**
 * Removes whole sessions in small steps between which commits go first: what people deleted, and what is beyond the
 * bounds of the store. Runs on the writer's thread.
 */
import type { Expired } from './retention.ts';
import type { StoreFile } from './store-file.ts';
import type { WorkerEvent } from './worker-protocol.ts';

export interface PurgerDeps {
  readonly file: StoreFile;
  readonly now: () => number;
  readonly post: (event: WorkerEvent) => void;
  /** Something was written. */
  readonly onWrite: () => void;
}

/** What one run of the retention removed, for the log. */
interface Removed {
  sessionCount: number;
  frameCount: number;
  exchangeCount: number;
  readonly byReason: Record<Expired['reason'], number>;
}

export class Purger {
  #deps: PurgerDeps;
  #isRetaining = false;
  #isStopped = false;
  #hasSaidTooLarge = false;

  constructor(deps: PurgerDeps) {
    this.#deps = deps;
  }

  stop(): void {
    this.#isStopped = true;
  }

  /** Removes what was deleted before `before`; resolves with the number of sessions. */
  async purgeDeleted(before: number): Promise<number> {
    const { file } = this.#deps;
    const next = () => (this.#isStopped ? undefined : file.use(parts => parts.changes.nextToPurge(before)));
    let count = 0;
    for (let key = next(); key !== undefined; key = next()) {
      const removed = await this.#remove(key);
      if (removed === undefined) break;
      count += 1;
    }
    if (count > 0) await this.#giveBack();
    return count;
  }

  /** Brings the store within its bounds. Fails open: what could not be removed now is tried again at the next look. */
  async retain(): Promise<void> {
    if (this.#isRetaining || this.#isStopped) return;
    this.#isRetaining = true;
    try {
      await this.#retainNow();
    } catch (error) {
      this.#log('warn', 'Old sessions could not be removed', { error: String(error) });
    } finally {
      this.#isRetaining = false;
    }
  }

  async #retainNow(): Promise<void> {
    const { file, now } = this.#deps;
    const next = () => (this.#isStopped ? undefined : file.use(parts => parts.retention.next(now())));
    const total: Removed = { sessionCount: 0, frameCount: 0, exchangeCount: 0, byReason: { age: 0, size: 0, deleted: 0 } };
    let bytesBefore: number | undefined;
    for (let expired = next(); expired !== undefined; expired = next()) {
      bytesBefore ??= file.use(parts => parts.retention.storedBytes());
      const removed = await this.#expire(expired);
      if (removed === undefined) break;
      total.sessionCount += 1;
      total.frameCount += removed.frameCount;
      total.exchangeCount += removed.exchangeCount;
      total.byReason[expired.reason] += 1;
      if (expired.reason === 'size') await this.#mergeText();
    }
    if (this.#isStopped) return;
    if (bytesBefore !== undefined) {
      await this.#giveBack();
      if (this.#isStopped) return;
      const { byReason, ...counts } = total;
      const freedBytes = bytesBefore - file.use(parts => parts.retention.storedBytes());
      this.#log('info', 'Old sessions were removed', { ...counts, ...byReason, freedBytes });
    } else if (file.use(parts => parts.retention.hasRoomToGiveBack())) await this.#giveBack();
    if (!this.#isStopped) this.#noteTooLarge();
  }

  /** Hides a session first, so that it leaves lists and views at once, then removes it. */
  async #expire({ key, id }: Expired): Promise<{ frameCount: number; exchangeCount: number } | undefined> {
    const { file, now, post } = this.#deps;
    file.useToMakeRoom(parts => parts.changes.setDeleted([id], now()));
    post({ event: 'expired', sessionIds: [id], sessionKeys: [key] });
    return this.#remove(key);
  }

  /** `undefined` when it was stopped midway, or the session lives again. */
  async #remove(sessionKey: number): Promise<{ frameCount: number; exchangeCount: number } | undefined> {
    const { file, post, onWrite } = this.#deps;
    const removed = { frameCount: 0, exchangeCount: 0 };
    for (;;) {
      // Also first of all: callers come here right after another step.
      await letOthersGo();
      if (this.#isStopped) return undefined;
      const step = file.useToMakeRoom(parts => parts.changes.purgeStep(sessionKey));
      onWrite();
      removed.frameCount += step.frameIds.length;
      removed.exchangeCount += step.exchangeIds.length;
      post({ event: 'removed', frameIds: step.frameIds, exchangeIds: step.exchangeIds });
      if (step.state === 'more') continue;
      file.use(parts => parts.batches.forgetSessions());
      if (step.state === 'done') return removed;
      this.#bringBack(sessionKey);
      return undefined;
    }
  }

  /** A shim took the session up again while it was being removed: what is left of it, and what comes, is shown. */
  #bringBack(sessionKey: number): void {
    const id = this.#deps.file.use(parts => parts.changes.bringBack(sessionKey));
    if (id !== undefined) this.#deps.post({ event: 'expired', sessionIds: [id], sessionKeys: [sessionKey] });
  }

  async #mergeText(): Promise<void> {
    while (!this.#isStopped && this.#deps.file.useToMakeRoom(parts => parts.retention.mergeTextStep())) {
      this.#deps.onWrite();
      await letOthersGo();
    }
  }

  async #giveBack(): Promise<void> {
    await this.#mergeText();
    while (!this.#isStopped && this.#deps.file.useToMakeRoom(parts => parts.retention.vacuumStep())) {
      this.#deps.onWrite();
      await letOthersGo();
    }
  }

  /** Said once, until it is over. */
  #noteTooLarge(): void {
    const { isTooLarge, storedBytes } = this.#deps.file.use(({ retention }) => ({
      isTooLarge: retention.isTooLarge(),
      storedBytes: retention.storedBytes(),
    }));
    if (isTooLarge && !this.#hasSaidTooLarge)
      this.#log('warn', 'Live sessions alone fill the store beyond its bound; they are not removed', { storedBytes });
    this.#hasSaidTooLarge = isTooLarge;
  }

  #log(level: 'info' | 'warn', message: string, facts: Record<string, unknown>): void {
    this.#deps.post({ event: 'log', level, message, facts });
  }
}

function letOthersGo(): Promise<void> {
  return new Promise(resolve => {
    setImmediate(resolve);
  });
}
