/** Who asked, with the request itself. */
import type { Migration } from './migration.ts';

/**
 * A policy is tried on recorded calls, and most of them look at who calls. Requests that were recorded before have none: nobody can
 * tell any more. Last in the row, behind the bodies, so that lists do not pull it through.
 */
export const frameAsker: Migration = {
  version: 6,
  up: `ALTER TABLE frame ADD COLUMN asker TEXT;`,
};
