/** Full text over the head of each frame. */
import type { Migration } from './migration.ts';

/** Contentless: the text itself stays in `frame`. Filled after the commit; `text_indexed_frame_id` is how far it came, so a crash costs nothing. */
export const frameText: Migration = {
  version: 3,
  up: `
    CREATE VIRTUAL TABLE frame_text USING fts5(
      text, content='', contentless_delete=1, tokenize='unicode61 remove_diacritics 2'
    );
    INSERT INTO counter VALUES ('text_indexed_frame_id', 0);
  `,
};
