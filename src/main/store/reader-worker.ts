/** Entry of the reader thread: answers queries and keeps the open views current. Started by `openStore`. */
import { parentPort, workerData } from 'node:worker_threads';
import { TrafficError } from '../../shared/errors/error-table.ts';
import { readAuditHashes, readAuditHead, readAuditRows } from './audit-reading.ts';
import { fileSizeBytes, openReadable, type Db } from './database.ts';
import { readExchange, readExchangeByKey, readRelated } from './exchange-reading.ts';
import { readFilterValues } from './filter-values.ts';
import { readBody, readFrames, readFramesWithBodies } from './frame-reading.ts';
import { quickCheck } from './integrity.ts';
import { servePort } from './serve-port.ts';
import { readSession, readSessionPast, readSessions } from './session-reading.ts';
import { storeProblemOf } from './store-problem.ts';
import { ViewKeeper } from './views/view-keeper.ts';
import { findInView, readPage } from './views/view-reading.ts';
import type { ReaderCalls, ReaderData } from './worker-protocol.ts';

if (parentPort === null) throw new Error('reader-worker.ts is the entry of a thread; open the store with openStore');

const port = parentPort;
const { path } = workerData as ReaderData;
let opened: { db: Db; views: ViewKeeper } | undefined;

const calls: ReaderCalls = {
  sessionPast: async id => readSessionPast(db(), id),
  session: async id => readSession(db(), id),
  sessions: async query => readSessions(db(), query),
  frames: async query => readFrames(db(), query),
  framesWithBodies: async query => readFramesWithBodies(db(), query),
  exchange: async id => readExchange(db(), id),
  exchangeByKey: async exchangeId => readExchangeByKey(db(), exchangeId),
  related: async id => readRelated(db(), id),
  body: async query => readBody(db(), query),
  openView: async (viewId, spec) => views().open(viewId, spec),
  closeView: async viewId => views().close(viewId),
  viewState: async viewId => views().get(viewId).state(),
  viewRows: async (viewId, from, count) => readPage(db(), views().get(viewId), from, count),
  viewIndexOf: async (viewId, id) => views().get(viewId).indexOf(id),
  viewFind: async (viewId, query) => findInView(db(), views().get(viewId), query),
  filterValues: async (key, prefix, limit) => readFilterValues(db(), key, prefix, limit),
  auditHead: async () => readAuditHead(db()),
  auditHashes: async (afterSeq, limit) => readAuditHashes(db(), afterSeq, limit),
  auditRows: async query => readAuditRows(db(), query),
  quickCheck: async deadlineMs => quickCheck(db(), deadlineMs),
  totals: async () => {
    const row = db()
      .prepare(
        `SELECT count(*) AS sessionCount, coalesce(sum(frame_count), 0) AS frameCount, coalesce(sum(exchange_count), 0) AS exchangeCount
         FROM session WHERE deleted_at IS NULL`,
      )
      .get() as { sessionCount: number; frameCount: number; exchangeCount: number };
    return { ...row, schemaVersion: db().pragma('user_version', { simple: true }) as number, sizeBytes: fileSizeBytes(path) };
  },
  changed(change) {
    // A copy of a read-only file: now that something was written, the file itself can be read.
    if (opened?.db.memory === true) calls.reopen();
    else opened?.views.change(change);
  },
  reopen() {
    const specs = opened?.views.specs() ?? [];
    closeFile();
    for (const [viewId, spec] of specs) post({ event: 'view', viewId, state: views().open(viewId, spec) });
  },
  close: closeFile,
};

const post = servePort(port, calls);
post({ event: 'ready' });

/** Opened at the first use, and again after a failure: the writer may have had to create the file first. */
function open(): { db: Db; views: ViewKeeper } {
  if (opened !== undefined) return opened;
  try {
    const database = openReadable(path);
    const keeper = new ViewKeeper(
      database,
      (viewId, state) => post({ event: 'view', viewId, state }),
      (viewId, error) =>
        post({ event: 'log', level: 'warn', message: 'A view could not be filled', facts: { viewId, error: String(error) } }),
    );
    opened = { db: database, views: keeper };
    return opened;
  } catch (error) {
    throw new TrafficError('STORE_FAILED', storeProblemOf(error)?.message ?? String(error));
  }
}

function db(): Db {
  return open().db;
}

function views(): ViewKeeper {
  return open().views;
}

function closeFile(): void {
  const before = opened;
  opened = undefined;
  before?.views.closeAll();
  before?.db.close();
}
