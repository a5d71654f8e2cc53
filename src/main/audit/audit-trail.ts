/**
 * The audit: an append-only chain of rows in files, repeated in the database. An observer: it never throws into traffic
 * and never holds it up. Rows are written within some 10 ms and waited for at most every 200 ms; a kill takes back what
 * was not written yet, and what it tore is found at the next start.
 */
import { rm } from 'node:fs/promises';
import { TrafficError } from '../../shared/errors/error-table.ts';
import type { Config } from '../../shared/config/schema.ts';
import type { AuditPage, AuditQuery } from '../../shared/model/audit.ts';
import type { GatewayEvent } from '../../shared/model/gateway-event.ts';
import type { Clock, Logger } from '../ports.ts';
import { type AuditDraft, type ChainEnd, sealed } from './audit-chain.ts';
import { draftOf } from './audit-draft.ts';
import { AuditFileWriter } from './audit-file-writer.ts';
import { auditFiles } from './audit-files.ts';
import { AuditLedger, type AuditStore, beginningOf, type SealedLine } from './audit-ledger.ts';
import { queryAuditFiles, queryAuditStore } from './query-audit.ts';
import { type FoundEnd, recoverAudit } from './recover-audit.ts';
import { type AuditReport, verifyAudit } from './verify-audit.ts';
import { withoutValues } from './without-values.ts';

/** Rows that wait to be written. Full: newer ones are counted, and a row says how many once there is room. */
const MAX_QUEUED = 10_000;
const BATCH = 500;
/** The first row is written at once; what follows within this time shares one write. */
const WRITE_MS = 10;
const SYNC_US = 200_000;
const RETRY_MS = 1_000;

export interface AuditTrailOptions {
  /** Made with the first row; its owner's alone. */
  readonly dir: string;
  /** Absent: files alone. A cut tail cannot show then. */
  readonly store?: AuditStore;
  readonly clock: Clock;
  /** As it is in force. */
  readonly config: () => Config['audit'];
  /** Known secrets, which stand in no row. */
  readonly secretValues?: () => Iterable<string>;
  readonly log: Logger;
}

export interface AuditState {
  /** Rows written since the start. */
  readonly rowCount: number;
  readonly queuedCount: number;
  /** Rows that found the queue full, since the start. */
  readonly droppedCount: number;
  /** Why nothing can be written now. */
  readonly problem?: string;
}

export interface AuditTrail {
  /** Takes what is worth a row. */
  observe(event: GatewayEvent): void;
  state(): AuditState;
  /** Holds files and database against the chain. */
  verify(): Promise<AuditReport>;
  query(query: AuditQuery): Promise<AuditPage>;
  /** Resolves when everything observed so far is on the disk and in the database, or cannot be. */
  flush(): Promise<void>;
  /** Flushes and takes nothing more. */
  close(): Promise<void>;
}

/**
 * Writes nothing by itself: a host without a gateway leaves no trace. Rejects when the directory cannot be read, or what a crash
 * tore cannot be mended; later trouble is in `state`, and in the log.
 */
export async function openAuditTrail(options: AuditTrailOptions): Promise<AuditTrail> {
  const { dir, clock } = options;
  const stamp = new Date(clock.now()).toISOString().replaceAll(/[:.]/g, '-');
  const trail = new Trail(options, await recoverAudit(dir, stamp));
  await trail.begin();
  return trail;
}

class Trail implements AuditTrail {
  readonly #options: AuditTrailOptions;
  readonly #writer: AuditFileWriter;
  readonly #ledger: AuditLedger | undefined;
  readonly #found: FoundEnd;
  #end: ChainEnd;
  #fileNumber: number;
  #isFileBegun: boolean;
  #queue: AuditDraft[] = [];
  /** Rows that are sealed but could not be written: they keep their places in the chain. */
  #unwritten: SealedLine[] = [];
  #unreportedDrops = 0;
  #droppedCount = 0;
  #rowCount = 0;
  #problem: string | undefined;
  #isDirty = false;
  /** Somebody waits for the disk: the next round does not wait for its time. */
  #isSyncWanted = false;
  #lastSyncUs: number;
  #working: Promise<void> | undefined;
  #timer: NodeJS.Timeout | undefined;
  /** The timer waits for the disk alone: a row that comes meanwhile must not wait as long. */
  #isTimerForDisk = false;
  #isClosed = false;

  constructor(options: AuditTrailOptions, found: FoundEnd) {
    const { dir, store, log, clock } = options;
    this.#options = options;
    this.#writer = new AuditFileWriter(dir);
    this.#ledger = store === undefined ? undefined : new AuditLedger({ dir, store, log });
    this.#found = found;
    this.#end = found.end;
    this.#fileNumber = found.fileNumber;
    this.#isFileBegun = found.sizeBytes > 0;
    this.#lastSyncUs = clock.monotonicUs();
  }

  /** Joins files and database, and says in a row what had to be mended. */
  async begin(): Promise<void> {
    const { end, mended } = this.#found;
    if (mended !== undefined) {
      this.#options.log.warn('The audit was mended', { ...mended });
      this.#put({
        kind: 'recovered',
        action: 'mended',
        reason: mended.reason,
        details: { torn_bytes: mended.tornBytes, kept_as: mended.keptAs },
      });
    }
    const head = await this.#ledger?.head();
    if (head !== undefined && head.seq > end.seq) {
      // Going on from the shorter file would give numbers twice and hide the cut. From here the gap stays visible.
      const reason = `rows ${end.seq + 1} to ${head.seq} are missing at the end of the files`;
      this.#options.log.error('The audit was cut', { reason });
      this.#end = { seq: head.seq, hash: head.hash };
      this.#put({ kind: 'recovered', action: 'cut-tail', reason, details: { from_seq: end.seq + 1, to_seq: head.seq } });
    } else if (this.#ledger !== undefined && end.seq > (head?.seq ?? 0)) await this.#catchUp(head === undefined ? end.seq : undefined);
    await this.flush();
    if (this.#problem !== undefined) throw new TrafficError('STORE_FAILED', `The audit cannot be written: ${this.#problem}`);
  }

  observe(event: GatewayEvent): void {
    try {
      const { enabled, arguments: keepsArguments } = this.#options.config();
      if (!enabled || this.#isClosed) return;
      const draft = draftOf(event, keepsArguments);
      if (draft !== undefined) this.#enqueue(withoutValues(draft, this.#options.secretValues?.() ?? []));
    } catch (error) {
      this.#options.log.error('An event was not audited', { type: event.type, error: String(error) });
    }
  }

  state(): AuditState {
    return {
      rowCount: this.#rowCount,
      queuedCount: this.#queue.length + this.#unwritten.length,
      droppedCount: this.#droppedCount,
      ...(this.#problem === undefined ? {} : { problem: this.#problem }),
    };
  }

  async verify(): Promise<AuditReport> {
    await this.flush();
    const { dir, store } = this.#options;
    return verifyAudit(
      dir,
      store === undefined ? undefined : { head: () => store.auditHead(), hashes: (after, limit) => store.auditHashes(after, limit) },
    );
  }

  async query(query: AuditQuery): Promise<AuditPage> {
    await this.flush();
    const { dir, store } = this.#options;
    return store === undefined ? queryAuditFiles(dir, query) : queryAuditStore(store, query);
  }

  async flush(): Promise<void> {
    // Under load, what comes meanwhile would give a flush no end.
    for (let round = 0; round < 100; round += 1) {
      this.#isSyncWanted = true;
      await this.#work();
      if (this.#problem !== undefined || (!this.#isDirty && !this.#hasWaiting)) return;
    }
  }

  async close(): Promise<void> {
    if (this.#isClosed) return;
    this.#isClosed = true;
    await this.flush();
    clearTimeout(this.#timer);
    await this.#writer.close();
    if (this.#queue.length + this.#unwritten.length > 0)
      this.#options.log.error('Rows of the audit were lost', { count: this.#queue.length + this.#unwritten.length });
  }

  get #hasWaiting(): boolean {
    return this.#queue.length > 0 || this.#unwritten.length > 0 || this.#unreportedDrops > 0;
  }

  get #isSyncDue(): boolean {
    return this.#isDirty && (this.#isSyncWanted || this.#options.clock.monotonicUs() - this.#lastSyncUs >= SYNC_US);
  }

  #enqueue(draft: AuditDraft): void {
    if (this.#queue.length >= MAX_QUEUED) {
      if (this.#unreportedDrops === 0) this.#options.log.error('The audit cannot keep up: rows are dropped', { queued: MAX_QUEUED });
      this.#unreportedDrops += 1;
      this.#droppedCount += 1;
      return;
    }
    this.#queue.push(draft);
    if (this.#working !== undefined) return;
    if (this.#timer === undefined) this.#later(0);
    else if (this.#isTimerForDisk) this.#later(WRITE_MS);
  }

  #put(draft: Omit<AuditDraft, 'at'>): void {
    this.#queue.push({ at: new Date(this.#options.clock.now()).toISOString(), ...draft });
  }

  /** The timer keeps no process alive: what must be kept is flushed by `close`. */
  #later(ms: number, isForDisk = false): void {
    clearTimeout(this.#timer);
    this.#isTimerForDisk = isForDisk;
    this.#timer = setTimeout(() => {
      this.#timer = undefined;
      void this.#work();
    }, ms).unref();
  }

  /** Writes what waits, one at a time. Never rejects. */
  #work(): Promise<void> {
    this.#working ??= this.#writeAll().finally(() => {
      this.#working = undefined;
      if (this.#isClosed) return;
      if (this.#problem !== undefined) this.#later(RETRY_MS);
      else if (this.#queue.length > 0) this.#later(0);
      else if (this.#isDirty) this.#later(SYNC_US / 1000, true);
    });
    return this.#working;
  }

  async #writeAll(): Promise<void> {
    try {
      while (this.#hasWaiting || this.#isSyncDue) {
        if (this.#unwritten.length === 0) await this.#sealSome();
        if (this.#unwritten.length > 0) await this.#write();
        if (this.#isSyncDue) await this.#waitForDisk();
      }
      if (this.#problem !== undefined) this.#options.log.info('The audit goes on');
      this.#problem = undefined;
    } catch (error) {
      if (this.#problem === undefined) this.#options.log.error('The audit cannot be written', { error: String(error) });
      this.#problem = error instanceof Error ? error.message : String(error);
    }
  }

  async #sealSome(): Promise<void> {
    if (!this.#hasWaiting) return;
    if (!this.#isFileBegun || this.#writer.sizeBytes >= this.#options.config().maxFile) await this.#beginFile();
    const drafts = this.#queue.splice(0, BATCH);
    if (this.#queue.length === 0 && this.#unreportedDrops > 0) {
      const reason = `${this.#unreportedDrops} rows found no room`;
      drafts.push({
        at: new Date(this.#options.clock.now()).toISOString(),
        kind: 'dropped',
        action: 'dropped',
        reason,
        details: { count: this.#unreportedDrops },
      });
      this.#unreportedDrops = 0;
    }
    for (const draft of drafts) this.#seal(draft);
  }

  #seal(draft: AuditDraft): void {
    const row = sealed(draft, this.#end);
    this.#end = { seq: row.seq, hash: row.hash };
    this.#unwritten.push({ row, line: JSON.stringify(row) });
  }

  /** The first row of each file repeats the hash of the last row before it, so that a file belongs to one place alone. */
  async #beginFile(): Promise<void> {
    if (this.#isFileBegun) await this.#waitForDisk();
    // Waiting may have found that the file is gone.
    if (this.#isFileBegun) {
      await this.#writer.setFull(this.#fileNumber);
      this.#isFileBegun = false;
      this.#fileNumber += 1;
      await this.#removeOldest();
    }
    this.#isFileBegun = true;
    this.#seal({
      at: new Date(this.#options.clock.now()).toISOString(),
      kind: 'file',
      action: 'begun',
      details: { file: this.#fileNumber },
    });
  }

  async #removeOldest(): Promise<void> {
    const full = (await auditFiles(this.#options.dir)).filter(({ number }) => number !== undefined);
    const surplus = full.slice(0, Math.max(0, full.length - (this.#options.config().maxFiles - 1)));
    if (surplus.length === 0) return;
    const oldestKept = full[surplus.length];
    const start = oldestKept === undefined ? undefined : await beginningOf(oldestKept);
    // The database first: a crash in between leaves a file too many, not rows that seem to be missing.
    await this.#ledger?.trim(start ?? { seq: this.#end.seq + 1, prevHash: this.#end.hash });
    for (const { path } of surplus)
      await rm(path).catch((error: unknown) => this.#options.log.warn('An old file of the audit stays', { path, error: String(error) }));
  }

  async #write(): Promise<void> {
    const rows = this.#unwritten;
    await this.#writer.append(rows.map(({ line }) => `${line}\n`).join(''));
    this.#unwritten = [];
    this.#rowCount += rows.length;
    this.#isDirty = true;
    for (const row of rows) this.#ledger?.put(row);
  }

  /** The file before the database, so that the database never knows rows that a crash could take from the file. */
  async #waitForDisk(): Promise<void> {
    const whose = await this.#writer.sync();
    this.#lastSyncUs = this.#options.clock.monotonicUs();
    this.#isDirty = false;
    this.#isSyncWanted = false;
    await this.#ledger?.commit();
    if (whose === 'ours') return;
    const reason = whose === 'gone' ? 'the file was moved or removed while it was written' : 'the file was changed while it was written';
    this.#options.log.error('The audit was changed from outside', { dir: this.#options.dir, reason });
    if (whose === 'gone') {
      this.#isFileBegun = false;
      this.#fileNumber += 1;
    }
    this.#put({ kind: 'recovered', action: 'changed-outside', reason });
  }

  async #catchUp(unknownRows: number | undefined): Promise<void> {
    try {
      const count = (await this.#ledger?.catchUp()) ?? 0;
      if (unknownRows !== undefined)
        this.#put({
          kind: 'recovered',
          action: 'database-began',
          reason: `the database knew none of ${unknownRows} rows`,
          details: { count },
        });
    } catch (error) {
      this.#options.log.warn('The database did not take over rows of the audit', { error: String(error) });
    }
  }
}
