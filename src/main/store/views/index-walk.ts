/** Reads all rows in the order of an index, a step at a time: the first rows of a million are there at once. */
import type { Statement } from 'better-sqlite3';
import type { Db } from '../database.ts';

/** Row number and key. */
export type KeyedRow = readonly [id: number, key: string | number];

export interface IndexOrder {
  /** An index of `exchange` that begins with the key. */
  readonly index: string;
  /** The key, over `r`. */
  readonly key: string;
  readonly isDescending: boolean;
}

/** About 10 ms of work: the index alone is read, never the rows. */
const ROWS_PER_STEP = 10_000;

/** Rows without a key are not among them. */
export function* walkIndex(db: Db, order: IndexOrder): Generator<readonly KeyedRow[]> {
  const steps = indexSteps(order);
  const prepare = (sql: string) => db.prepare(sql).raw() as Statement<unknown[], KeyedRow>;
  const first = prepare(steps.first);
  const equal = prepare(steps.equal);
  const beyond = prepare(steps.beyond);
  let rows = first.all(ROWS_PER_STEP);
  while (rows.length > 0) {
    yield rows;
    const [id, key] = rows.at(-1) as KeyedRow;
    const equals = equal.all(key, id, ROWS_PER_STEP);
    rows = equals.length === ROWS_PER_STEP ? equals : [...equals, ...beyond.all(key, ROWS_PER_STEP - equals.length)];
  }
}

/**
 * The statements of a walk. Not one with `(key, id) > (?, ?)`: SQLite uses only the key of that, and would begin at
 * the first of a million equal keys at each step.
 */
export function indexSteps({ index, key, isDescending }: IndexOrder): {
  readonly first: string;
  readonly equal: string;
  readonly beyond: string;
} {
  const direction = isDescending ? 'DESC' : 'ASC';
  const sign = isDescending ? '<' : '>';
  const select = (condition: string) =>
    `SELECT r.id, ${key} FROM exchange r INDEXED BY ${index} WHERE ${condition} ORDER BY ${key} ${direction}, r.id ${direction} LIMIT ?`;
  return { first: select(`${key} IS NOT NULL`), equal: select(`${key} = ? AND r.id ${sign} ?`), beyond: select(`${key} ${sign} ?`) };
}
