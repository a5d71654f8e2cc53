/** Checks a database file from end to end; takes seconds per gigabyte, so only on request. */
import { openReadable } from './database.ts';

/** What SQLite finds wrong with the file; empty when nothing is. */
export function integrityProblems(path: string): readonly string[] {
  const db = openReadable(path);
  try {
    const found = db.pragma('integrity_check') as { integrity_check: string }[];
    return found.map(row => row.integrity_check).filter(line => line !== 'ok');
  } finally {
    db.close();
  }
}
