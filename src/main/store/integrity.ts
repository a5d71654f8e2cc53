/** Checks a database file from end to end; takes seconds per gigabyte, so only on request. */
import { openReadable, type Db } from './database.ts';
import type { QuickCheck } from './traffic-store.ts';

/** Findings beyond these say nothing new. */
const MAX_PROBLEMS = 20;

/** Looks at one table after the other, the largest last, and at no further one once the time is over. */
export function quickCheck(db: Db, deadlineMs: number): QuickCheck {
  const startedAt = performance.now();
  const names = db
    .prepare("SELECT name FROM sqlite_schema WHERE type = 'table' AND rootpage > 0 ORDER BY name = 'body', name = 'frame', name")
    .pluck()
    .all() as string[];
  const problems: string[] = [];
  let checkedCount = 0;
  for (const name of names) {
    if (performance.now() - startedAt > deadlineMs || problems.length >= MAX_PROBLEMS) break;
    const found = db
      .prepare(`PRAGMA quick_check(${JSON.stringify(name)})`)
      .pluck()
      .all() as string[];
    problems.push(...found.filter(line => line !== 'ok'));
    checkedCount += 1;
  }
  return { problems: problems.slice(0, MAX_PROBLEMS), checkedCount, tableCount: names.length };
}

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
