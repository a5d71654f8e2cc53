/** Walks files and database and says where the chain breaks: a changed or removed row, a cut tail, a file that is another one. */
import { type ChainEnd, GENESIS, readLine } from './audit-chain.ts';
import { type AuditFile, auditFiles, linesOf } from './audit-files.ts';
import type { AuditRow } from '../../shared/model/audit.ts';
import type { AuditHead } from '../store/traffic-store.ts';

type Awaitable<T> = T | Promise<T>;

/** What the database says. */
export interface LedgerView {
  head(): Awaitable<AuditHead | undefined>;
  hashes(afterSeq: number, limit: number): Awaitable<readonly { readonly seq: number; readonly hash: string }[]>;
}

export interface AuditProblem {
  readonly what: 'changed-row' | 'removed-rows' | 'swapped-file' | 'missing-file' | 'cut-tail' | 'unreadable-line' | 'database';
  readonly text: string;
  readonly file?: string;
  /** From 1. */
  readonly line?: number;
  readonly seq?: number;
}

export interface AuditReport {
  /** In the order of the rows, so the first is where the chain breaks first; at most 20. */
  readonly problems: readonly AuditProblem[];
  readonly fileCount: number;
  readonly rowCount: number;
  readonly firstAt?: string;
  readonly lastAt?: string;
  readonly newest?: ChainEnd;
  /** Whether there was a database to hold the files against. */
  readonly hasDatabase: boolean;
  /** Newest rows that the database does not know yet: at most those of the last moment before a kill, or of a running host. */
  readonly aheadCount: number;
  /** Bytes of a last line without an end: one that is being written, or was torn; the next start sets it aside. */
  readonly tornBytes: number;
}

const MAX_PROBLEMS = 20;
/** A host that rotates its files while they are read is not a broken chain. */
const ATTEMPTS = 4;

export async function verifyAudit(dir: string, ledger: LedgerView | undefined): Promise<AuditReport> {
  for (let attempt = 1; ; attempt += 1) {
    const files = await auditFiles(dir);
    const walk = new Walk(ledger);
    const report = await walk.over(files);
    const namesAfter = (await auditFiles(dir)).map(({ name }) => name).join();
    const isUnmoved = namesAfter === files.map(({ name }) => name).join();
    if (report.problems.length === 0 || attempt === ATTEMPTS || isUnmoved) return report;
  }
}

class Walk {
  readonly #ledger: LedgerView | undefined;
  readonly #problems: AuditProblem[] = [];
  #head: AuditHead | undefined;
  #hashes: HashCursor | undefined;
  #end: ChainEnd | undefined;
  #fileNumber: number | undefined;
  #rowCount = 0;
  #aheadCount = 0;
  #tornBytes = 0;
  #firstAt: string | undefined;
  #lastAt: string | undefined;
  #disagrees = false;
  #comparedTo = 0;

  constructor(ledger: LedgerView | undefined) {
    this.#ledger = ledger;
  }

  async over(files: readonly AuditFile[]): Promise<AuditReport> {
    // First: whatever the database knows now is in the files already.
    this.#head = await this.#ledger?.head();
    if (this.#ledger !== undefined && this.#head !== undefined) this.#hashes = new HashCursor(this.#ledger, this.#head.firstSeq - 1);
    for (const file of files) await this.#file(file, file === files.at(-1));
    this.#checkTail();
    return {
      problems: this.#problems,
      fileCount: files.length,
      rowCount: this.#rowCount,
      ...(this.#firstAt === undefined ? {} : { firstAt: this.#firstAt }),
      ...(this.#lastAt === undefined ? {} : { lastAt: this.#lastAt }),
      ...(this.#end === undefined ? {} : { newest: this.#end }),
      hasDatabase: this.#head !== undefined,
      aheadCount: this.#aheadCount,
      tornBytes: this.#tornBytes,
    };
  }

  async #file({ name, path, number }: AuditFile, isLast: boolean): Promise<void> {
    let line = 0;
    for await (const { text, isEnded } of linesOf(path)) {
      line += 1;
      if (this.#problems.length >= MAX_PROBLEMS) return;
      if (!isEnded && isLast) {
        this.#tornBytes = Buffer.byteLength(text);
        continue;
      }
      const read = readLine(text);
      const place = { file: name, line };
      if (read === undefined) {
        this.#add({ what: 'unreadable-line', text: `Line ${line} of ${name} is no row.`, ...place });
        continue;
      }
      if (line === 1) this.#beginning(read.row, number, place);
      if (!read.isWhole)
        this.#add({
          what: 'changed-row',
          text: `Row ${read.row.seq} was changed: its content is not what its hash says.`,
          seq: read.row.seq,
          ...place,
        });
      // At the beginning of a file the database comes first: a foreign file that begins further on is not a gap.
      if (line === 1) await this.#compare(read.row, place);
      this.#link(read.row, place);
      if (line > 1) await this.#compare(read.row, place);
    }
  }

  /** The first row of a file says which file it is. */
  #beginning(row: AuditRow, number: number | undefined, place: { file: string; line: number }): void {
    const said = row.kind === 'file' ? Number(row.details?.['file']) : undefined;
    const expected = this.#fileNumber === undefined ? number : this.#fileNumber + 1;
    if (said === undefined) this.#add({ what: 'removed-rows', text: `The beginning of ${place.file} is missing.`, seq: row.seq, ...place });
    else if (number !== undefined && said !== number)
      this.#add({ what: 'swapped-file', text: `${place.file} is file ${said}, not ${number}.`, seq: row.seq, ...place });
    else if (expected !== undefined && said > expected)
      this.#add({ what: 'missing-file', text: `Before ${place.file} stood file ${expected}, which is missing.`, seq: row.seq, ...place });
    else if (expected !== undefined && said < expected)
      this.#add({ what: 'swapped-file', text: `${place.file} is file ${said}, not ${expected}.`, seq: row.seq, ...place });
    this.#fileNumber = number ?? said ?? expected;
  }

  #link(row: AuditRow, place: { file: string; line: number }): void {
    const before = this.#end ?? this.#origin(row);
    const { seq, prev_hash, at } = row;
    if (prev_hash !== before.hash || seq !== before.seq + 1) this.#add(this.#breakAt(row, before, place));
    this.#end = { seq, hash: row.hash };
    this.#rowCount += 1;
    this.#firstAt ??= at;
    this.#lastAt = at;
  }

  /** What must stand before the first row there is: nothing, or what the database kept of a file that was rotated away. */
  #origin(row: AuditRow): ChainEnd {
    // An older file than the database speaks of was about to be removed.
    if (this.#head !== undefined && row.seq >= this.#head.firstSeq) return { seq: this.#head.firstSeq - 1, hash: this.#head.firstPrevHash };
    return row.seq === 1 ? { seq: 0, hash: GENESIS } : { seq: row.seq - 1, hash: row.prev_hash };
  }

  #breakAt({ seq }: AuditRow, before: ChainEnd, place: { file: string; line: number }): AuditProblem {
    if (seq > before.seq + 1) {
      const which = seq === before.seq + 2 ? `Row ${seq - 1} is` : `Rows ${before.seq + 1} to ${seq - 1} are`;
      return { what: 'removed-rows', text: `${which} missing before line ${place.line} of ${place.file}.`, seq: before.seq + 1, ...place };
    }
    if (place.line === 1)
      return { what: 'swapped-file', text: `${place.file} does not go on where the file before it ended.`, seq, ...place };
    if (seq <= before.seq) return { what: 'changed-row', text: `Row ${seq} stands behind row ${before.seq}.`, seq, ...place };
    return {
      what: 'changed-row',
      text: `Row ${before.seq} is not the one that row ${seq} followed: it was rewritten.`,
      seq: before.seq,
      ...place,
    };
  }

  /** A chain that was computed anew from some row on is whole in itself; the database still has the old hashes. */
  async #compare(row: AuditRow, place: { file: string; line: number }): Promise<void> {
    if (this.#head === undefined || this.#hashes === undefined || this.#disagrees || row.seq < this.#head.firstSeq) return;
    if (row.seq > this.#head.seq) {
      this.#aheadCount += 1;
      return;
    }
    // The cursor goes forwards alone. A number that was there already is a break in the chain, which `#link` tells.
    if (row.seq <= this.#comparedTo) return;
    this.#comparedTo = row.seq;
    const known = await this.#hashes.of(row.seq);
    if (known === row.hash) return;
    this.#disagrees = true;
    if (known === undefined)
      this.#add({ what: 'database', text: `The database lacks row ${row.seq}, which it had.`, seq: row.seq, ...place });
    else if (place.line === 1)
      this.#add({
        what: 'swapped-file',
        text: `${place.file} is not the file that the database knows: row ${row.seq} has another hash.`,
        seq: row.seq,
        ...place,
      });
    else this.#add({ what: 'changed-row', text: `Row ${row.seq} has another hash than the database kept of it.`, seq: row.seq, ...place });
  }

  #checkTail(): void {
    const head = this.#head;
    const last = this.#end?.seq ?? 0;
    if (head === undefined || last >= head.seq) return;
    const from = this.#end === undefined ? head.firstSeq : last + 1;
    this.#add({ what: 'cut-tail', text: `Rows ${from} to ${head.seq} are missing at the end; the newest was ${head.hash}.`, seq: from });
  }

  #add(problem: AuditProblem): void {
    if (this.#problems.length < MAX_PROBLEMS) this.#problems.push(problem);
  }
}

/** Hashes of the database in ascending order, a page at a time. */
class HashCursor {
  readonly #ledger: LedgerView;
  #page: readonly { readonly seq: number; readonly hash: string }[] = [];
  #at = 0;
  #after: number;
  #isAtEnd = false;

  constructor(ledger: LedgerView, after: number) {
    this.#ledger = ledger;
    this.#after = after;
  }

  async of(seq: number): Promise<string | undefined> {
    for (;;) {
      const found = this.#page[this.#at];
      if (found !== undefined && found.seq === seq) return found.hash;
      if (found !== undefined && found.seq > seq) return undefined;
      if (found !== undefined) this.#at += 1;
      else if (this.#isAtEnd) return undefined;
      else {
        this.#page = await this.#ledger.hashes(this.#after, 5000);
        this.#at = 0;
        this.#after = this.#page.at(-1)?.seq ?? this.#after;
        this.#isAtEnd = this.#page.length === 0;
      }
    }
  }
}
