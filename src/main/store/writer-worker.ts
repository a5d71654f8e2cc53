/** Entry of the writer thread: owns the one connection that writes. Started by `openStore`. */
import { parentPort, workerData } from 'node:worker_threads';
import { systemClock } from '../ports.ts';
import { servePort } from './serve-port.ts';
import { StoreFile } from './store-file.ts';
import type { WriterCalls, WriterData } from './worker-protocol.ts';

if (parentPort === null) throw new Error('writer-worker.ts is the entry of a thread; open the store with openStore');

const port = parentPort;
const data = workerData as WriterData;
const file = new StoreFile({
  path: data.path,
  now: () => systemClock.now(),
  ...(data.maxSizeBytes === undefined ? {} : { maxSizeBytes: data.maxSizeBytes }),
  onEvent: event => post(event),
});

let isIndexing = false;
let isClosed = false;

const calls: WriterCalls = {
  commit(batch) {
    const receipt = file.use(parts => parts.batches.commit(batch));
    file.proven();
    startIndexing();
    return receipt;
  },
  renameSession(id, name) {
    file.use(parts => parts.changes.rename(id, name));
  },
  deleteSessions: (ids, deletedAt) => file.use(parts => parts.changes.setDeleted(ids, deletedAt)),
  restoreSessions: ids => file.use(parts => parts.changes.setDeleted(ids, null)),
  markInterrupted: at =>
    file.use(parts => {
      const marked = parts.changes.markInterrupted(at);
      parts.batches.forgetSessions();
      return marked;
    }),
  purgeDeleted: purge,
  state: () => ({ state: file.state, ...(file.problem === undefined ? {} : { problem: file.problem }) }),
  close() {
    isClosed = true;
    file.close();
  },
};

const post = servePort(port, calls);
file.tryOpen();
post({ event: 'ready' });
startIndexing();

/** Indexes in steps; between two steps the calls that came meanwhile are served. */
function startIndexing(): void {
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
    post({ event: 'indexed', from: done.from, to: done.to });
    startIndexing();
  } catch (error) {
    // The next commit tries again; until then rows are stored but not searchable.
    post({ event: 'log', level: 'warn', message: 'Full text could not be indexed', facts: { error: String(error) } });
  }
}

async function purge(before: number): Promise<number> {
  let count = 0;
  for (let key = nextToPurge(before); key !== undefined && !isClosed; key = nextToPurge(before)) {
    const sessionKey = key;
    while (!isClosed && !file.use(parts => parts.changes.purgeStep(sessionKey))) await pause();
    if (isClosed) break;
    count += 1;
    file.use(parts => {
      parts.batches.forgetSessions();
      parts.changes.vacuum();
    });
    post({ event: 'purged', sessionKey });
    await pause();
  }
  return count;
}

function nextToPurge(before: number): number | undefined {
  return isClosed ? undefined : file.use(parts => parts.changes.nextToPurge(before));
}

function pause(): Promise<void> {
  return new Promise(resolve => {
    setImmediate(resolve);
  });
}
