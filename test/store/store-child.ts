/**
 * A process that records, for tests that kill it or take its disk away: `node store-child.ts MODE PATH`.
 * Speaks JSON lines on stdout. `load`: records about a thousand frames a second, small and large, and says up to which
 * seq it handed over: a load that a busy machine of two cores takes, because beyond that the queue is the only promise.
 * `wait`: records one frame and says when recording stopped and when it went on.
 */
import { silentLogger, systemClock } from '../../src/main/ports.ts';
import { createRecorder } from '../../src/main/recording/recorder.ts';
import { openStore } from '../../src/main/store/open-store.ts';
import { aFrame, anExchange, aSession, storeWorkers } from '../kit/store-kit.ts';

const [mode, path = ''] = process.argv.slice(2);
const store = await openStore({ path, workers: storeWorkers, clock: systemClock, log: silentLogger, retention: { maxAgeMs: Infinity } });
const recorder = createRecorder({ store, clock: systemClock, log: silentLogger });
const say = (line: unknown) => process.stdout.write(`${JSON.stringify(line)}\n`);

if (mode === 'load') {
  recorder.session(aSession({ id: 'loaded' }));
  for (let seq = 1; ; seq += 2) {
    const exchangeId = `loaded/${seq}`;
    recorder.frame(
      aFrame({ sessionId: 'loaded', seq, exchangeId, text: `{"jsonrpc":"2.0","id":${seq},"params":{"text":"${'words '.repeat(150)}"}}` }),
    );
    recorder.frame(
      aFrame({
        sessionId: 'loaded',
        seq: seq + 1,
        exchangeId,
        kind: 'result',
        direction: 'fromServer',
        text: `{"id":${seq},"list":[${'1,'.repeat(seq % 8 === 1 ? 3_000 : 300)}1]}`,
      }),
    );
    recorder.exchange(anExchange({ sessionId: 'loaded', requestSeq: seq, responseSeq: seq + 1 }));
    if (seq % 20 === 1) {
      say({ handed: seq + 1 });
      await (recorder.room() ?? new Promise(resolve => setTimeout(resolve, 20)));
    }
  }
} else {
  recorder.session(aSession({ id: 'waiting' }));
  recorder.frame(aFrame({ sessionId: 'waiting' }));
  while (recorder.state().problem === undefined) await new Promise(resolve => setTimeout(resolve, 10));
  const { state, problem } = await store.stats();
  const { total } = await store.sessions({ search: '', sort: 'startedAt', descending: true, offset: 0, limit: 10 });
  say({ event: 'stopped', state, problem, recorderProblem: recorder.state().problem, readableSessions: total });
  await recorder.committed('waiting', 1);
  const stats = await store.stats();
  say({ event: 'resumed', state: stats.state, sessionCount: stats.sessionCount, problem: recorder.state().problem });
  await recorder.close();
  await store.close();
}
