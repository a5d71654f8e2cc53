/** Sessions in the order of their last frame. */
import type { Migration } from './migration.ts';

/** The lists of sessions show the newest thousand several times a second, and retention asks for the oldest. */
export const sessionByLastAt: Migration = {
  version: 4,
  up: `CREATE INDEX session_by_last_at ON session (last_at)`,
};
