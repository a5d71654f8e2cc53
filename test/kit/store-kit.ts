/** Opens a real store on a temporary directory, and builds records that need only what a test is about. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import Database from 'better-sqlite3';
import { silentLogger, systemClock, type Logger } from '../../src/main/ports.ts';
import { openStore } from '../../src/main/store/open-store.ts';
import type { Retention } from '../../src/main/store/retention.ts';
import type { RecordBatch, TrafficStore } from '../../src/main/store/traffic-store.ts';
import type { ExchangeRecord, FrameRecord, SessionRecord } from '../../src/main/traffic/records.ts';
import type { TimelineSpec, ViewState } from '../../src/shared/model/timeline.ts';

// A host opens one store in its life. Where store follows store, the last thread of each would unload the database's native code
// and the next one load it again, over and over, while other threads start and end: held from here it stays.
new Database(':memory:').close();

/** Names the folder of the bundled threads, in a test run and in what it starts: see bundle-store-workers.ts. */
export const WORKERS_VARIABLE = 'SHADOWCAT_TEST_STORE_WORKERS';

/** The threads as they were bundled before the tests; from their sources where a script is run by hand. */
export const storeWorkers = workersIn(process.env[WORKERS_VARIABLE]);

function workersIn(directory: string | undefined): { readonly writer: URL; readonly reader: URL } {
  if (directory !== undefined)
    return { writer: pathToFileURL(join(directory, 'writer.mjs')), reader: pathToFileURL(join(directory, 'reader.mjs')) };
  return {
    writer: new URL('../../src/main/store/writer-worker.ts', import.meta.url),
    reader: new URL('../../src/main/store/reader-worker.ts', import.meta.url),
  };
}

export interface TestStore {
  readonly store: TrafficStore;
  readonly path: string;
  readonly directory: string;
  /** Closes the store; keeps the files. */
  close(): Promise<void>;
  /** Closes the store and removes its directory. */
  [Symbol.asyncDispose](): Promise<void>;
}

/** A store of its own for a test: `await using kit = await openTestStore()`. */
export async function openTestStore(
  options: { readonly path?: string; readonly maxSizeBytes?: number; readonly log?: Logger; readonly retention?: Partial<Retention> } = {},
): Promise<TestStore> {
  const directory = mkdtempSync(join(tmpdir(), 'shadowcat-store-'));
  const path = options.path ?? join(directory, 'data', 'traffic.db');
  const store = await openStore({
    path,
    workers: storeWorkers,
    clock: systemClock,
    log: options.log ?? silentLogger,
    // The records of this kit are of a fixed day, which is longer ago than anything is kept.
    retention: { maxAgeMs: Infinity, ...options.retention },
    ...(options.maxSizeBytes === undefined ? {} : { maxSizeBytes: options.maxSizeBytes }),
  });
  return {
    store,
    path,
    directory,
    close: () => store.close(),
    async [Symbol.asyncDispose]() {
      await store.close();
      rmSync(directory, { recursive: true, force: true });
    },
  };
}

/** 2026-01-02T03:04:05.000Z */
export const aTime = 1_767_323_045_000;

export function aSession(change: Partial<SessionRecord> = {}): SessionRecord {
  return {
    id: 's1',
    state: 'live',
    transport: 'streamable-http',
    era: 'legacy',
    clientName: 'inspector',
    serverName: 'everything',
    upstream: 'http://127.0.0.1:3001/mcp',
    isProbe: false,
    wasOffline: false,
    startedAt: aTime,
    ...change,
  };
}

/** A request frame; `text` sets body and size. */
export function aFrame(change: Partial<FrameRecord> & { readonly text?: string } = {}): FrameRecord {
  const { text, ...fields } = change;
  const seq = fields.seq ?? 1;
  const body =
    fields.body ??
    Buffer.from(text ?? `{"jsonrpc":"2.0","id":${seq},"method":"tools/call","params":{"name":"echo","arguments":{"message":"hello"}}}`);
  return {
    sessionId: 's1',
    seq,
    at: aTime + seq,
    monotonicUs: seq * 1000,
    direction: 'fromClient',
    transport: 'streamable-http',
    delivery: 'body',
    kind: 'request',
    flags: [],
    verdicts: [],
    ...fields,
    body,
    sizeBytes: fields.sizeBytes ?? body.length,
  };
}

/** An answered tool call whose first frame is `requestSeq`. */
export function anExchange(change: Partial<ExchangeRecord> = {}): ExchangeRecord {
  const sessionId = change.sessionId ?? 's1';
  const requestSeq = change.requestSeq ?? 1;
  return {
    exchangeId: `${sessionId}/${requestSeq}`,
    sessionId,
    transport: 'streamable-http',
    era: 'legacy',
    direction: 'fromClient',
    kind: 'request',
    idText: '1',
    method: 'tools/call',
    target: 'echo',
    status: 'ok',
    startedAt: aTime + requestSeq,
    durationMs: 5,
    requestBytes: 100,
    responseBytes: 200,
    frameCount: 2,
    progressCount: 0,
    requestSeq,
    responseSeq: requestSeq + 1,
    flags: [],
    ...change,
  };
}

export function aBatch(batch: Partial<RecordBatch>): RecordBatch {
  return { sessions: [], frames: [], exchanges: [], ...batch };
}

/** A call: request frame, answer frame and their exchange, from `seq` on. */
export function aCall(options: {
  readonly sessionId?: string;
  readonly seq: number;
  readonly request?: string;
  readonly answer?: string;
  readonly exchange?: Partial<ExchangeRecord>;
}): {
  readonly frames: readonly FrameRecord[];
  readonly exchange: ExchangeRecord;
} {
  const { sessionId = 's1', seq } = options;
  const exchangeId = `${sessionId}/${seq}`;
  const exchange = anExchange({ sessionId, requestSeq: seq, responseSeq: seq + 1, ...options.exchange });
  const request = aFrame({
    sessionId,
    seq,
    exchangeId,
    method: exchange.method,
    ...(exchange.target === undefined ? {} : { target: exchange.target }),
    ...(options.request === undefined ? {} : { text: options.request }),
  });
  const answer = aFrame({
    sessionId,
    seq: seq + 1,
    exchangeId,
    direction: 'fromServer',
    kind: exchange.status === 'error' ? 'error' : 'result',
    text: options.answer ?? `{"jsonrpc":"2.0","id":${seq},"result":{"content":[]}}`,
  });
  return { frames: [request, answer], exchange };
}

export function aSpec(change: Partial<TimelineSpec> = {}): TimelineSpec {
  return { mode: 'exchanges', filter: '', scope: {}, requestsOnly: false, sort: { column: 'id', descending: false }, ...change };
}

/** Waits until the view is complete and `isDone` holds; fails with the last state seen. */
export async function viewUntil(
  store: TrafficStore,
  viewId: string,
  isDone: (state: ViewState) => boolean,
  timeoutMs = 25_000,
): Promise<ViewState> {
  const end = systemClock.now() + timeoutMs;
  for (;;) {
    const state = await store.viewState(viewId);
    if (state.progress === 1 && isDone(state)) return state;
    if (systemClock.now() > end) throw new Error(`The view stayed at ${JSON.stringify(state)}`);
    await new Promise(resolve => setTimeout(resolve, 10));
  }
}
