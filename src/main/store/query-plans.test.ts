import Database from 'better-sqlite3';
import { afterAll, expect, test } from 'vitest';
import { readFilter } from '../../shared/filters/read-filter.ts';
import { compileFilter } from './compile-filter.ts';
import { migrate } from './database.ts';
import { indexSteps } from './views/index-walk.ts';

const db = new Database(':memory:');
migrate(db);
db.function('text_hit', { deterministic: false }, (term, id) => (term === id ? 1 : 0));
afterAll(() => db.close());

/** What SQLite would do, one line per step. */
function planOf(sql: string, ...params: (string | number)[]): string {
  const steps = db.prepare(`EXPLAIN QUERY PLAN ${sql}`).all(...params) as { detail: string }[];
  return steps.map(step => step.detail).join('\n');
}

/** The plan of one step of a view's scan. */
function planOfStep(filter: string): string {
  const reading = readFilter(filter);
  if (!reading.ok) throw new Error(reading.message);
  const compiled = compileFilter(reading.filter, 'exchanges');
  const hidden = 'r.session_key NOT IN (SELECT key FROM session INDEXED BY session_deleted WHERE deleted_at IS NOT NULL)';
  return planOf(
    `SELECT r.id FROM exchange r WHERE r.id BETWEEN ? AND ? AND ${hidden} AND ${compiled.sql} ORDER BY r.id`,
    1,
    20_000,
    ...compiled.params,
  );
}

test('an unselective step walks a range of row numbers, never the table', () => {
  expect(planOfStep('')).toContain('SEARCH r USING INTEGER PRIMARY KEY (rowid>? AND rowid<?)');
  expect(planOfStep('-status:ok')).toContain('SEARCH r USING INTEGER PRIMARY KEY (rowid>? AND rowid<?)');
  expect(planOfStep('word')).toContain('SEARCH r USING INTEGER PRIMARY KEY (rowid>? AND rowid<?)');
});

test('a status, or a tool, is found by its index inside the step', () => {
  expect(planOfStep('status:failed')).toContain('USING INDEX exchange_by_status (status=? AND rowid>? AND rowid<?)');
  expect(planOfStep('tool:echo')).toMatch(
    /USING (COVERING )?INDEX exchange_by_(call \(method=\? AND target=\?|target \(target=\? AND rowid>\? AND rowid<\?)\)/,
  );
});

test('hidden sessions are found by their index', () => {
  expect(planOfStep('')).toContain('INDEX session_deleted');
});

test('a sorted view walks its index from where it was, reading no row and sorting nothing', () => {
  for (const [column, index] of [
    ['duration_ms', 'exchange_by_duration'],
    ['size_bytes', 'exchange_by_size'],
    ['target', 'exchange_by_target'],
  ] as const) {
    for (const isDescending of [true, false]) {
      const steps = indexSteps({ index, key: `r.${column}`, isDescending });
      const sign = isDescending ? '<' : '>';
      const plans = { first: planOf(steps.first, 10), equal: planOf(steps.equal, 1, 1, 10), beyond: planOf(steps.beyond, 1, 10) };
      expect(plans.equal).toBe(`SEARCH r USING COVERING INDEX ${index} (${column}=? AND rowid${sign}?)`);
      expect(plans.beyond).toContain(`COVERING INDEX ${index} (${column}`);
      expect(plans.beyond).toContain(`${column}${sign}?`);
      expect(Object.values(plans).join(' ')).not.toContain('TEMP B-TREE');
    }
  }
});

test('the newest sessions come from their index, and so does their number', () => {
  for (const column of ['last_at', 'started_at']) {
    expect(planOf(`SELECT * FROM session WHERE deleted_at IS NULL ORDER BY ${column} DESC, key DESC LIMIT 1000`)).toBe(
      `SCAN session USING INDEX session_by_${column}`,
    );
  }
  expect(planOf('SELECT count(*) FROM session')).toContain('COVERING INDEX');
});

test('frames of a session and of an exchange come in order from their index', () => {
  const bySession = planOf(
    'SELECT f.preview FROM frame f JOIN session s ON s.key = f.session_key WHERE s.id = ? AND f.seq > ? ORDER BY f.seq LIMIT 10',
    's',
    0,
  );
  expect(bySession).toContain('SEARCH f USING INDEX frame_by_seq (session_key=? AND seq>?)');
  expect(bySession).not.toContain('TEMP B-TREE');
  const byExchange = planOf(
    'SELECT f.id FROM session s CROSS JOIN frame f INDEXED BY frame_by_exchange ON f.session_key = s.key WHERE s.id = ? AND f.exchange_seq = ? AND f.seq > ? ORDER BY f.seq LIMIT 10',
    's',
    1,
    0,
  );
  expect(byExchange).toContain('frame_by_exchange (session_key=? AND exchange_seq=? AND seq>?)');
  expect(byExchange).not.toContain('TEMP B-TREE');
});

test('the calls of a tool within one session are counted inside the index', () => {
  expect(planOf('SELECT count(*) FROM exchange e WHERE e.method = ? AND e.target IS ? AND e.session_key = ?', 'm', 't', 1)).toContain(
    'SEARCH e USING COVERING INDEX exchange_by_call (method=? AND target=? AND session_key=?)',
  );
});

test('full text joins from the found frames to their exchanges by index', () => {
  const plan = planOf(
    `SELECT r.id FROM frame_text t CROSS JOIN frame f ON f.id = t.rowid CROSS JOIN exchange r ON r.session_key = f.session_key AND r.first_seq = f.exchange_seq
     WHERE t.frame_text MATCH ? AND t.rowid BETWEEN ? AND ?`,
    '"x"',
    1,
    10,
  );
  expect(plan).toMatch(
    /SCAN t VIRTUAL TABLE.*\nSEARCH f USING INTEGER PRIMARY KEY.*\nSEARCH r USING (COVERING )?INDEX exchange_by_seq \(session_key=\? AND first_seq=\?\)/,
  );
});

test('a purge finds the frames of a body by index', () => {
  expect(planOf('SELECT 1 FROM frame WHERE body_key = ?', 1)).toContain('frame_by_body');
  expect(planOf('SELECT 1 FROM frame WHERE delivered_key = ?', 1)).toContain('frame_by_delivered');
});
