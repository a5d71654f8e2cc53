/** The rows of the audit beside its files, and how far they go. */
import type { Migration } from './migration.ts';

/**
 * The file is the audit; these rows make it searchable, and make a change of the file show: a row that was altered has
 * another hash here, and a tail that was cut is shorter than `audit_head` says. `line` is the row as in the file.
 */
export const auditRows: Migration = {
  version: 5,
  up: `
    CREATE TABLE audit_row (
      seq INTEGER PRIMARY KEY,
      at REAL NOT NULL,
      kind TEXT NOT NULL,
      principal_id TEXT,
      upstream TEXT,
      hash TEXT NOT NULL,
      line TEXT NOT NULL
    );
    CREATE INDEX audit_row_by_kind ON audit_row (kind, seq);
    CREATE INDEX audit_row_by_principal ON audit_row (principal_id, seq) WHERE principal_id IS NOT NULL;
    CREATE INDEX audit_row_by_upstream ON audit_row (upstream, seq) WHERE upstream IS NOT NULL;

    CREATE TABLE audit_head (
      id INTEGER PRIMARY KEY CHECK (id = 1),
      seq INTEGER NOT NULL,
      hash TEXT NOT NULL,
      first_seq INTEGER NOT NULL,
      first_prev_hash TEXT NOT NULL
    );
  `,
};
