/** The tables of everything recorded. */
import type { Migration } from './migration.ts';

/**
 * Sessions carry their totals, because counting a million rows per listing takes seconds. Row numbers of frames
 * and exchanges come from `counter`, so that a number is never given twice, not even after a purge.
 * Bodies up to 4 KiB lie in the frame; larger ones once per content in `body`.
 */
export const sessionsFramesExchanges: Migration = {
  version: 1,
  up: `
    CREATE TABLE counter (name TEXT PRIMARY KEY, value INTEGER NOT NULL) WITHOUT ROWID;
    INSERT INTO counter VALUES ('next_frame_id', 1), ('next_exchange_id', 1);

    CREATE TABLE session (
      key INTEGER PRIMARY KEY,
      id TEXT NOT NULL UNIQUE,
      name TEXT NOT NULL DEFAULT '',
      state TEXT NOT NULL,
      transport TEXT NOT NULL,
      era TEXT NOT NULL,
      protocol_version TEXT,
      client_name TEXT NOT NULL,
      server_name TEXT NOT NULL,
      client_info TEXT,
      server_info TEXT,
      upstream TEXT NOT NULL,
      is_probe INTEGER NOT NULL,
      was_offline INTEGER NOT NULL,
      started_at REAL NOT NULL,
      last_at REAL NOT NULL,
      ended_at REAL,
      end_reason TEXT,
      exit_code INTEGER,
      exit_signal TEXT,
      deleted_at REAL,
      frame_count INTEGER NOT NULL DEFAULT 0,
      message_count INTEGER NOT NULL DEFAULT 0,
      exchange_count INTEGER NOT NULL DEFAULT 0,
      request_count INTEGER NOT NULL DEFAULT 0,
      error_count INTEGER NOT NULL DEFAULT 0,
      pending_count INTEGER NOT NULL DEFAULT 0,
      size_bytes INTEGER NOT NULL DEFAULT 0,
      committed_seq INTEGER NOT NULL DEFAULT 0,
      last_seq INTEGER NOT NULL DEFAULT 0
    );
    CREATE INDEX session_deleted ON session (deleted_at) WHERE deleted_at IS NOT NULL;
    CREATE INDEX session_live ON session (key) WHERE state = 'live';

    CREATE TABLE body (
      key INTEGER PRIMARY KEY,
      hash BLOB NOT NULL UNIQUE,
      size_bytes INTEGER NOT NULL,
      codec TEXT,
      bytes BLOB NOT NULL
    );

    CREATE TABLE frame (
      id INTEGER PRIMARY KEY,
      session_key INTEGER NOT NULL,
      seq INTEGER NOT NULL,
      exchange_seq INTEGER,
      at REAL NOT NULL,
      monotonic_us INTEGER NOT NULL,
      direction TEXT NOT NULL,
      transport TEXT NOT NULL,
      delivery TEXT NOT NULL,
      kind TEXT NOT NULL,
      id_text TEXT,
      method TEXT,
      target TEXT,
      event_id TEXT,
      hop_id TEXT,
      size_bytes INTEGER NOT NULL,
      stored_bytes INTEGER NOT NULL,
      delivered_bytes INTEGER,
      latency_ms REAL,
      content_hash TEXT,
      content_encoding TEXT,
      flags TEXT,
      verdicts TEXT,
      preview TEXT NOT NULL,
      body_key INTEGER,
      delivered_key INTEGER,
      http TEXT,
      body BLOB,
      delivered BLOB
    );
    CREATE UNIQUE INDEX frame_by_seq ON frame (session_key, seq);
    CREATE INDEX frame_by_exchange ON frame (session_key, exchange_seq, seq) WHERE exchange_seq IS NOT NULL;
    CREATE INDEX frame_by_body ON frame (body_key) WHERE body_key IS NOT NULL;
    CREATE INDEX frame_by_delivered ON frame (delivered_key) WHERE delivered_key IS NOT NULL;

    CREATE TABLE exchange (
      id INTEGER PRIMARY KEY,
      session_key INTEGER NOT NULL,
      first_seq INTEGER NOT NULL,
      transport TEXT NOT NULL,
      era TEXT NOT NULL,
      direction TEXT NOT NULL,
      kind TEXT NOT NULL,
      id_text TEXT,
      method TEXT NOT NULL,
      target TEXT,
      status TEXT NOT NULL,
      interrupted_status TEXT,
      error_code REAL,
      error_message TEXT,
      http_status INTEGER,
      cancelled_by TEXT,
      cancel_reason TEXT,
      started_at REAL NOT NULL,
      duration_ms REAL,
      first_byte_ms REAL,
      request_bytes INTEGER NOT NULL,
      response_bytes INTEGER NOT NULL,
      size_bytes INTEGER NOT NULL,
      frame_count INTEGER NOT NULL,
      progress_count INTEGER NOT NULL,
      request_seq INTEGER NOT NULL,
      response_seq INTEGER,
      linked_exchange_id TEXT,
      flags TEXT,
      preview TEXT NOT NULL
    );
    CREATE UNIQUE INDEX exchange_by_seq ON exchange (session_key, first_seq);
    CREATE INDEX exchange_unfinished ON exchange (session_key)
      WHERE status IN ('pending', 'open') OR interrupted_status IS NOT NULL;
  `,
};
