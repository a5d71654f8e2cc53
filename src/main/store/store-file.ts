/** The writer's file through good and bad days: opened, lost, set aside, found again. */
import { TrafficError } from '../../shared/errors/error-table.ts';
import { AuditTable } from './audit-table.ts';
import { BatchWriter } from './batch-writer.ts';
import { capSize, foldLog, openWritable, setAside, type Db, type WritableOptions } from './database.ts';
import { RetentionRules, type Retention } from './retention.ts';
import { SessionChanges } from './session-changes.ts';
import { storeProblemOf } from './store-problem.ts';
import { TextIndex } from './text-index.ts';
import type { StoreStats } from '../../shared/model/timeline.ts';
import type { WorkerEvent } from './worker-protocol.ts';

/** What works on one open connection; made anew when the file is. */
export interface FileParts {
  readonly db: Db;
  readonly batches: BatchWriter;
  readonly changes: SessionChanges;
  readonly text: TextIndex;
  readonly retention: RetentionRules;
  readonly audit: AuditTable;
}

export interface StoreFileOptions extends WritableOptions {
  readonly retention: Retention;
  readonly onEvent: (event: WorkerEvent) => void;
}

/** What deleting may write before it frees anything: marks, and tombstones of the full text. */
const HEADROOM_BYTES = 8 * 1024 * 1024;

export class StoreFile {
  #options: StoreFileOptions;
  #parts: FileParts | undefined;
  #setAsidePath: string | undefined;
  #failure: { state: StoreStats['state']; problem: string } | undefined;
  #isClosed = false;

  constructor(options: StoreFileOptions) {
    this.#options = options;
  }

  /** `set-aside` tells that this run began a new file; recording works then. */
  get state(): StoreStats['state'] {
    return this.#failure?.state ?? (this.#setAsidePath === undefined ? 'ok' : 'set-aside');
  }

  get problem(): string | undefined {
    if (this.#failure !== undefined) return this.#failure.problem;
    return this.#setAsidePath === undefined
      ? undefined
      : `The database was damaged. It is kept at ${this.#setAsidePath}; recording goes on in a new one`;
  }

  /** At start: a store that cannot be opened must not keep traffic from flowing. */
  tryOpen(): void {
    try {
      this.#open();
    } catch (error) {
      this.#note(error);
    }
  }

  /**
   * Runs work on the open file. Each use tries anew, so recording resumes by itself once the disk has room or the
   * directory can be written. A file found damaged is set aside and the work done on the new one. A closed one is not opened again.
   */
  use<T>(work: (parts: FileParts) => T): T {
    if (this.#isClosed) throw new TrafficError('STORE_FAILED', 'The store is closed.');
    try {
      return this.#attempt(work);
    } catch (error) {
      if (storeProblemOf(error)?.state === 'corrupt') {
        this.#replace();
        return this.#attempt(work);
      }
      this.#note(error);
      throw error;
    }
  }

  /** The same for work that makes room: a file at its cap can still be emptied. */
  useToMakeRoom<T>(work: (parts: FileParts) => T): T {
    const { maxSizeBytes } = this.#options;
    if (maxSizeBytes === undefined) return this.use(work);
    return this.use(parts => {
      capSize(parts.db, maxSizeBytes + HEADROOM_BYTES);
      try {
        return work(parts);
      } finally {
        capSize(parts.db, maxSizeBytes);
      }
    });
  }

  #attempt<T>(work: (parts: FileParts) => T): T {
    return work(this.#parts ?? this.#open());
  }

  /** A commit went through, so whatever was wrong is over. Smaller work proves nothing: a full disk still takes a word into the index. */
  proven(): void {
    this.#failure = undefined;
  }

  /** For idle moments. True when nothing is left in the log, or there is no file to fold it into. */
  foldLog(): boolean {
    try {
      return this.#parts === undefined || foldLog(this.#parts.db);
    } catch (error) {
      // The next commit meets the same trouble and says so.
      if (storeProblemOf(error) === undefined) throw error;
      return true;
    }
  }

  close(): void {
    this.#isClosed = true;
    const parts = this.#parts;
    this.#parts = undefined;
    if (parts === undefined) return;
    try {
      // The log is folded in, so that a copy of the one file is a whole copy.
      parts.db.pragma('wal_checkpoint(TRUNCATE)');
    } finally {
      parts.db.close();
    }
  }

  #open(): FileParts {
    const { db, setAsidePath } = openWritable(this.#options);
    if (setAsidePath !== undefined) this.#noteSetAside(setAsidePath);
    const changes = new SessionChanges(db);
    this.#parts = {
      db,
      changes,
      batches: new BatchWriter(db, key => changes.resume(key)),
      text: new TextIndex(db),
      retention: new RetentionRules(db, this.#options.retention),
      audit: new AuditTable(db),
    };
    return this.#parts;
  }

  #replace(): void {
    try {
      this.#parts?.db.close();
    } catch {
      // A damaged file may not even close cleanly; it is renamed all the same.
    }
    this.#parts = undefined;
    const replacedBefore = this.#setAsidePath;
    this.#noteSetAside(setAside(this.#options.path, this.#options.now()));
    this.#open();
    if (replacedBefore !== undefined)
      this.#options.onEvent({ event: 'log', level: 'error', message: 'The database was damaged again', facts: {} });
    this.#options.onEvent({ event: 'reopened' });
  }

  #noteSetAside(path: string): void {
    this.#setAsidePath = path;
    this.#options.onEvent({ event: 'log', level: 'error', message: 'A damaged database was set aside', facts: { path } });
  }

  #note(error: unknown): void {
    const problem = storeProblemOf(error);
    const state = problem === undefined || problem.state === 'corrupt' ? 'failed' : problem.state;
    this.#failure = { state, problem: problem?.message ?? (error instanceof Error ? error.message : String(error)) };
  }
}
