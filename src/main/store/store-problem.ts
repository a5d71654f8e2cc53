/** What a failing database means: which state the store is in, in words for a banner. */
import type { StoreStats } from '../../shared/model/timeline.ts';

export interface StoreProblem {
  readonly state: Exclude<StoreStats['state'], 'ok'> | 'corrupt';
  readonly message: string;
}

/** Reads an error of SQLite or of the file system; `undefined` when it is neither, hence a defect of ours. */
export function storeProblemOf(error: unknown): StoreProblem | undefined {
  if (!(error instanceof Error)) return undefined;
  const code = 'code' in error && typeof error.code === 'string' ? error.code : '';
  if (/^SQLITE_(CORRUPT|NOTADB)/.test(code)) return { state: 'corrupt', message: `The database file is damaged (${error.message})` };
  if (/^(SQLITE_FULL|ENOSPC|EDQUOT)/.test(code)) return { state: 'full', message: 'There is no room left for the database' };
  if (/^(SQLITE_READONLY|SQLITE_CANTOPEN|SQLITE_PERM|EACCES|EPERM|EROFS)/.test(code))
    return { state: 'read-only', message: `The database cannot be written (${error.message})` };
  if (code.startsWith('SQLITE_BUSY')) return { state: 'failed', message: 'Another program holds the database' };
  if (/^SQLITE_(IOERR|PROTOCOL|NOLFS|NOMEM)/.test(code) || /^E[A-Z]+$/.test(code))
    return { state: 'failed', message: `The database failed (${error.message})` };
  return undefined;
}
