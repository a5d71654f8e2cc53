/** Entry of the writer thread: owns the one connection that writes. Started by `openStore`. */
import { parentPort, workerData } from 'node:worker_threads';
import { systemClock } from '../ports.ts';
import { IdleTask } from './idle-task.ts';
import { Purger } from './purging.ts';
import { servePort } from './serve-port.ts';
import { StoreFile } from './store-file.ts';
import type { WriterCalls, WriterData } from './worker-protocol.ts';

if (parentPort === null) throw new Error('writer-worker.ts is the entry of a thread; open the store with openStore');

const port = parentPort;
const data = workerData as WriterData;
/** Changed in place by `setRetention`: the rules look at it each time. */
const retention = { ...data.retention };
const file = new StoreFile({
  path: data.path,
  now: () => systemClock.now(),
  retention,
  ...(data.maxSizeBytes === undefined ? {} : { maxSizeBytes: data.maxSizeBytes }),
  onEvent: event => post(event),
});

/** How long nothing must be written before the log is folded into the file. */
const FOLD_AFTER_MS = 2_000;

const folding = new IdleTask(FOLD_AFTER_MS, () => file.foldLog());
const purger = new Purger({ file, now: () => systemClock.now(), post: event => post(event), onWrite: () => folding.postpone() });
const retaining = setInterval(() => void purger.retain(), data.retention.checkMs);

/** New frames wait this long for full text, so that one step takes many; so many begin one at once. */
const INDEX_AFTER_MS = 200;
const INDEX_AFTER_FRAMES = 1_000;

let isIndexing = false;
let unindexedCount = 0;
let indexTimer: NodeJS.Timeout | undefined;
let isClosed = false;

const calls: WriterCalls = {
  commit(batch) {
    const receipt = file.use(parts => parts.batches.commit(batch));
    file.proven();
    folding.postpone();
    indexSoon(receipt.frameCount);
    return receipt;
  },
  renameSession(id, name) {
    file.use(parts => parts.changes.rename(id, name));
    folding.postpone();
  },
  deleteSessions: (ids, deletedAt) => file.useToMakeRoom(parts => parts.changes.setDeleted(ids, deletedAt)),
  restoreSessions: ids => file.use(parts => parts.changes.setDeleted(ids, null)),
  markInterrupted: at =>
    file.use(parts => {
      const marked = parts.changes.markInterrupted(at);
      parts.batches.forgetSessions();
      return marked;
    }),
  purgeDeleted: before => purger.purgeDeleted(before),
  appendAudit(rows, start) {
    file.use(parts => parts.audit.append(rows, start));
    folding.postpone();
  },
  trimAudit(start) {
    const count = file.useToMakeRoom(parts => parts.audit.trim(start));
    folding.postpone();
    return count;
  },
  setRetention(bounds) {
    Object.assign(retention, bounds);
  },
  state: () => ({ state: file.state, ...(file.problem === undefined ? {} : { problem: file.problem }) }),
  close() {
    isClosed = true;
    clearInterval(retaining);
    clearTimeout(indexTimer);
    purger.stop();
    folding.stop();
    file.close();
  },
};

const post = servePort(port, calls);
file.tryOpen();
post({ event: 'ready' });
folding.postpone();
startIndexing();

function indexSoon(frameCount: number): void {
  unindexedCount += frameCount;
  if (unindexedCount >= INDEX_AFTER_FRAMES) startIndexing();
  else if (unindexedCount > 0) indexTimer ??= setTimeout(startIndexing, INDEX_AFTER_MS);
}

/** Indexes in steps; between two steps the calls that came meanwhile are served. */
function startIndexing(): void {
  clearTimeout(indexTimer);
  indexTimer = undefined;
  unindexedCount = 0;
  if (isIndexing) return;
  isIndexing = true;
  setImmediate(indexStep);
}

function indexStep(): void {
  isIndexing = false;
  if (isClosed) return;
  try {
    const done = file.use(parts => parts.text.step());
    if (done === undefined) return;
    folding.postpone();
    post({ event: 'indexed', from: done.from, to: done.to });
    startIndexing();
  } catch (error) {
    // The next commit tries again; until then rows are stored but not searchable.
    post({ event: 'log', level: 'warn', message: 'Full text could not be indexed', facts: { error: String(error) } });
  }
}
