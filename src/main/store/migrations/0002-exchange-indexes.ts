/** Indexes for the filters of the table. */
import type { Migration } from './migration.ts';

/**
 * A filter runs in steps over ranges of row numbers; with these a rare method, tool, status or duration is found
 * inside a step without reading its rows. `exchange_by_call` also counts a tool's calls within one session.
 */
export const exchangeIndexes: Migration = {
  version: 2,
  up: `
    CREATE INDEX exchange_by_call ON exchange (method, target, session_key);
    CREATE INDEX exchange_by_target ON exchange (target) WHERE target IS NOT NULL;
    CREATE INDEX exchange_by_status ON exchange (status);
    CREATE INDEX exchange_by_duration ON exchange (duration_ms) WHERE duration_ms IS NOT NULL;
    CREATE INDEX exchange_by_size ON exchange (size_bytes);
  `,
};
