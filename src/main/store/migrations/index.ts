/** The list of schema steps, append-only: a released step is never edited, a change is a new step. */
import type { Migration } from './migration.ts';
import { auditRows } from './0005-audit-rows.ts';
import { exchangeIndexes } from './0002-exchange-indexes.ts';
import { frameAsker } from './0006-frame-asker.ts';
import { frameText } from './0003-frame-text.ts';
import { sessionOrder } from './0004-session-order.ts';
import { sessionsFramesExchanges } from './0001-sessions-frames-exchanges.ts';

/** In order; the position is the version. `PRAGMA user_version` says how far a file has come. */
export const migrations: readonly Migration[] = [sessionsFramesExchanges, exchangeIndexes, frameText, sessionOrder, auditRows, frameAsker];

export const schemaVersion = migrations.length;
