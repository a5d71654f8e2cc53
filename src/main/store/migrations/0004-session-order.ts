/** Sessions in the order of their last frame, and of their start. */
import type { Migration } from './migration.ts';

/**
 * The status board asks for the thousand newest several times a second, the page of sessions sorts by start, and
 * retention asks for the oldest: none of them may read ten thousand wide rows for it.
 */
export const sessionOrder: Migration = {
  version: 4,
  up: `
    CREATE INDEX session_by_last_at ON session (last_at);
    CREATE INDEX session_by_started_at ON session (started_at);
  `,
};
