/** The second copy of the rows, in the database: what makes a change of the files show. It may lag behind them, never lead. */
import type { Logger } from '../ports.ts';
import type { AuditHead, AuditLedgerRow, AuditStart, StoreReader, StoreWriter } from '../store/traffic-store.ts';
import type { AuditRow } from '../../shared/model/audit.ts';
import { GENESIS, readLine } from './audit-chain.ts';
import { type AuditFile, auditFiles, linesOf } from './audit-files.ts';

export type AuditStore = Pick<StoreWriter, 'appendAudit' | 'trimAudit'> & Pick<StoreReader, 'auditHead' | 'auditHashes' | 'auditRows'>;

/** Rows of one commit. */
const BATCH = 1000;
/** Rows that wait for the database; beyond that they are read from the files once it takes rows again. */
const MAX_WAITING = 10_000;

export interface SealedLine {
  readonly row: AuditRow;
  /** Without its line feed. */
  readonly line: string;
}

export class AuditLedger {
  readonly #dir: string;
  readonly #store: AuditStore;
  readonly #log: Logger;
  #waiting: AuditLedgerRow[] = [];
  /** Of the oldest file; looked up once, and again after trimming. */
  #start: AuditStart | undefined;
  #isBehind = false;
  #hasFailed = false;

  constructor({ dir, store, log }: { readonly dir: string; readonly store: AuditStore; readonly log: Logger }) {
    this.#dir = dir;
    this.#store = store;
    this.#log = log;
  }

  /** Undefined where the database knows nothing, or cannot be asked. */
  async head(): Promise<AuditHead | undefined> {
    try {
      return await this.#store.auditHead();
    } catch (error) {
      this.#note(error);
      return undefined;
    }
  }

  put({ row, line }: SealedLine): void {
    if (this.#isBehind) return;
    if (this.#waiting.length >= MAX_WAITING) {
      this.#waiting = [];
      this.#isBehind = true;
      return;
    }
    this.#waiting.push(ledgerRow(row, line));
  }

  /** Call when the rows are safe in the file. A database that fails is tried again at the next call. */
  async commit(): Promise<void> {
    try {
      if (this.#isBehind) await this.catchUp();
      if (this.#waiting.length > 0) this.#start ??= await startOf(this.#dir);
      while (this.#waiting.length > 0) {
        const batch = this.#waiting.slice(0, BATCH);
        await this.#store.appendAudit(batch, this.#start ?? { seq: 1, prevHash: GENESIS });
        this.#waiting.splice(0, batch.length);
      }
      this.#hasFailed = false;
    } catch (error) {
      this.#note(error);
    }
  }

  /** Takes over from the files what the database does not have yet. Returns how many rows that were. */
  async catchUp(): Promise<number> {
    const known = (await this.#store.auditHead())?.seq ?? 0;
    const start = await startOf(this.#dir);
    let batch: AuditLedgerRow[] = [];
    let count = 0;
    for await (const { row, line } of rowsAfter(this.#dir, known)) {
      batch.push(ledgerRow(row, line));
      count += 1;
      if (batch.length < BATCH) continue;
      await this.#store.appendAudit(batch, start);
      batch = [];
    }
    if (batch.length > 0) await this.#store.appendAudit(batch, start);
    this.#isBehind = false;
    return count;
  }

  /** Files before this start are about to go: so do their rows. */
  async trim(start: AuditStart): Promise<void> {
    try {
      this.#start = start;
      while ((await this.#store.trimAudit(start)) > 0);
    } catch (error) {
      this.#note(error);
    }
  }

  #note(error: unknown): void {
    if (!this.#hasFailed) this.#log.warn('The database takes no rows of the audit; the files do', { error: String(error) });
    this.#hasFailed = true;
  }
}

/** Where the oldest file begins. */
async function startOf(dir: string): Promise<AuditStart> {
  const [oldest] = await auditFiles(dir);
  const start = oldest === undefined ? undefined : await beginningOf(oldest);
  return start ?? { seq: 1, prevHash: GENESIS };
}

/** Where a file joins on; undefined for one without a row. */
export async function beginningOf(file: AuditFile): Promise<AuditStart | undefined> {
  const row = await firstRow(file);
  return row === undefined ? undefined : { seq: row.seq, prevHash: row.prev_hash };
}

async function firstRow({ path }: AuditFile): Promise<AuditRow | undefined> {
  for await (const { text } of linesOf(path)) return readLine(text)?.row;
  return undefined;
}

/** Rows of all files after a number, in order; files that end before it are not read through. */
async function* rowsAfter(dir: string, seq: number): AsyncGenerator<SealedLine> {
  const files = await auditFiles(dir);
  for (const [at, file] of files.entries()) {
    const next = files[at + 1];
    const nextFirst = next === undefined ? undefined : await firstRow(next);
    if (nextFirst !== undefined && nextFirst.seq <= seq + 1) continue;
    for await (const { text, isEnded } of linesOf(file.path)) {
      const read = isEnded ? readLine(text) : undefined;
      if (read !== undefined && read.row.seq > seq) yield { row: read.row, line: text };
    }
  }
}

function ledgerRow({ seq, at, kind, principal_id, upstream, hash }: AuditRow, line: string): AuditLedgerRow {
  return {
    seq,
    at: Date.parse(at),
    kind,
    hash,
    line,
    ...(principal_id === undefined ? {} : { principalId: principal_id }),
    ...(upstream === undefined ? {} : { upstream }),
  };
}
