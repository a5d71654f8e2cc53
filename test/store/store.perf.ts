/**
 * Measures the store as the engine uses it: `node test/store/store.perf.ts [frames]`. Prints JSON. Frames are 1 KB
 * tool calls with HTTP heads, handed to a recorder; then the views over what was stored.
 */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { performance } from 'node:perf_hooks';
import { silentLogger, systemClock } from '../../src/main/ports.ts';
import { createRecorder } from '../../src/main/recording/recorder.ts';
import { openStore } from '../../src/main/store/open-store.ts';
import type { FrameRecord } from '../../src/main/traffic/records.ts';
import type { TimelineSpec } from '../../src/shared/model/timeline.ts';
import { aFrame, anExchange, aSession, aSpec, storeWorkers } from '../kit/store-kit.ts';

const frameCount = Number(process.argv[2] ?? 200_000);
const framesPerSession = 2_000;
const words = ['weather', 'harbour', 'violin', 'granite', 'lantern', 'meadow', 'copper', 'thistle'];
const head = {
  method: 'POST',
  path: '/mcp',
  headers: [
    ['Host', '127.0.0.1:9999'],
    ['Content-Type', 'application/json'],
    ['Accept', 'application/json, text/event-stream'],
    ['Mcp-Session-Id', '0123456789abcdef'],
    ['Content-Length', '1024'],
    ['Connection', 'keep-alive'],
  ] as [string, string][],
};

const directory = mkdtempSync(join(tmpdir(), 'shadowcat-perf-'));
const store = await openStore({
  path: join(directory, 'traffic.db'),
  workers: storeWorkers,
  clock: systemClock,
  log: silentLogger,
  retention: { maxAgeMs: Infinity, maxStoredBytes: Infinity },
});
const recorder = createRecorder({ store, clock: systemClock, log: silentLogger });
const results: Record<string, unknown> = { frameCount };

const startedAt = performance.now();
const cpuBefore = process.cpuUsage();
let noteMs = 0;
for (let at = 0; at < frameCount; at += 2) {
  const from = performance.now();
  note(at);
  noteMs += performance.now() - from;
  if (at % 200 === 0) await (recorder.room() ?? new Promise(resolve => setImmediate(resolve)));
}
await recorder.flush();
await recorder.close(60_000);
const committedMs = performance.now() - startedAt;
const elu = performance.eventLoopUtilization();
results.recorded = {
  framesPerSecond: Math.round(frameCount / (committedMs / 1000)),
  noteUsPerFrame: round((noteMs / frameCount) * 1000),
  mainThreadBusyUsPerFrame: round((elu.active / frameCount) * 1000),
  processCpuUsPerFrame: round(process.cpuUsage(cpuBefore).user / frameCount),
  state: recorder.state(),
};
await indexed();
results.indexedFramesPerSecond = Math.round(frameCount / ((performance.now() - startedAt) / 1000));
results.stats = await store.stats();

await view('unfiltered', {});
await view('unfiltered, newest first', { sort: { column: 'id', descending: true } });
await view('status:error', { filter: 'status:error' });
await view('tool:tool-3', { filter: 'tool:tool-3' });
await view('dur:>95ms', { filter: 'dur:>95ms' });
await view('rare word', { filter: 'zebra123457' });
await view('word in an eighth', { filter: 'granite' });
await view('word and key', { filter: 'granite status:error' });
await view('word or key', { filter: 'granite or status:error' });
await view('by duration', { sort: { column: 'durationMs', descending: true } });
await view('by tool', { sort: { column: 'target', descending: false } });
await view('frames', { mode: 'frames' });
await view('frames kind:res', { mode: 'frames', filter: 'kind:res' });
await view('one session', { scope: { sessionIds: ['session-3'] } });
results.memory = Math.round(process.memoryUsage().rss / 1e6);
process.stdout.write(`${JSON.stringify(results, null, 1)}\n`);
await store.close();
rmSync(directory, { recursive: true, force: true });

/** A request and its answer. */
function note(at: number): void {
  const sessionId = `session-${Math.floor(at / framesPerSession)}`;
  const seq = (at % framesPerSession) + 1;
  if (seq === 1) recorder.session(aSession({ id: sessionId, state: 'closed', serverName: `server-${at % 7}` }));
  const exchangeId = `${sessionId}/${seq}`;
  const target = `tool-${(at / 2) % 40}`;
  const isError = at % 200 === 0;
  const frame = (change: Partial<FrameRecord> & { text: string }): FrameRecord =>
    aFrame({ sessionId, exchangeId, method: 'tools/call', target, http: head, hopId: String(at), ...change });
  recorder.frame(frame({ seq, idText: String(at), text: body(at, 'params') }));
  recorder.frame(frame({ seq: seq + 1, direction: 'fromServer', kind: 'result', text: body(at + 1, 'result'), latencyMs: at % 100 }));
  recorder.exchange(
    anExchange({
      sessionId,
      requestSeq: seq,
      responseSeq: seq + 1,
      idText: String(at),
      target,
      status: isError ? 'error' : 'ok',
      durationMs: at % 100,
    }),
  );
}

function body(at: number, part: string): string {
  const text = `{"jsonrpc":"2.0","id":${at},"${part}":{"rare":"zebra${at}","word":"${words[(at >> 1) % 8]}","text":"`;
  return `${text}${'some words of an answer that go on and on '.repeat(25).slice(0, 1000 - text.length)}"}}`;
}

async function indexed(): Promise<void> {
  const word = `zebra${frameCount - 1}`;
  for (;;) {
    await store.openView('probe', aSpec({ filter: `"${word}"`, mode: 'frames' }));
    if ((await store.viewState('probe')).matched > 0) break;
    await new Promise(resolve => setTimeout(resolve, 100));
  }
  await store.closeView('probe');
}

async function view(name: string, change: Partial<TimelineSpec>): Promise<void> {
  const from = performance.now();
  let state = await store.openView('v', aSpec(change));
  const openMs = performance.now() - from;
  const firstMatched = state.matched;
  while (state.progress < 1) {
    await new Promise(resolve => setTimeout(resolve, 5));
    state = await store.viewState('v');
  }
  const doneMs = performance.now() - from;
  const pages: number[] = [];
  for (let index = 0; index < 20; index += 1) {
    const pageFrom = performance.now();
    await store.viewRows('v', Math.floor((Math.max(0, state.matched - 200) * index) / 19), 200);
    pages.push(performance.now() - pageFrom);
  }
  pages.sort((a, b) => a - b);
  const views = (results.views ??= {}) as Record<string, unknown>;
  views[name] = {
    openMs: round(openMs),
    firstMatched,
    doneMs: round(doneMs),
    matched: state.matched,
    pageP50Ms: round(pages[10] ?? 0),
    pageMaxMs: round(pages[19] ?? 0),
  };
  await store.closeView('v');
}

function round(value: number): number {
  return Math.round(value * 100) / 100;
}
