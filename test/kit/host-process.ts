/**
 * A host reduced to what wrapped sessions need (store, recorder, hub, host.json), as a process of its own, so that a
 * test may kill it. Arguments: the data directory, the hub's grace in ms, `hidden` to write no host.json (else `shown`), and the
 * module whose `plans` say what is enforced. Prints `ready`.
 */
import { randomBytes } from 'node:crypto';
import { mkdirSync, renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { openShimHub } from '../../src/main/listeners/shim-hub.ts';
import type { StdioPlans } from '../../src/main/pipeline/stdio-plan.ts';
import { randomIds, systemClock as clock, type Logger } from '../../src/main/ports.ts';
import { createRecorder } from '../../src/main/recording/recorder.ts';
import { openStore } from '../../src/main/store/open-store.ts';
import { Conversations } from '../../src/main/traffic/conversations.ts';
import { storeWorkers } from './store-kit.ts';

const [dataDir, graceMs = '60000', visibility, plansModule] = process.argv.slice(2);
if (dataDir === undefined) throw new Error('Usage: host-process.ts DATA_DIR [GRACE_MS] [hidden|shown] [PLANS_MODULE]');
const plans = plansModule === undefined ? undefined : ((await import(plansModule)) as { readonly plans: StdioPlans }).plans;
mkdirSync(dataDir, { recursive: true, mode: 0o700 });

const say = (level: string) => (message: string, facts?: Record<string, unknown>) => {
  process.stderr.write(`${level} ${message} ${JSON.stringify(facts ?? {})}\n`);
};
const log: Logger = { debug: () => undefined, info: say('info'), warn: say('warn'), error: say('error') };
const store = await openStore({ path: join(dataDir, 'traffic.db'), workers: storeWorkers, clock, log });
await store.markInterrupted(clock.now());
const recorder = createRecorder({ store, clock, log });
const conversations = new Conversations({ sink: recorder, clock, ids: randomIds });
const secret = randomBytes(16).toString('hex');
const hub = await openShimHub({
  dataDir,
  secret,
  conversations,
  store: { sessionPast: id => store.sessionPast(id), onCommitted: listener => recorder.onCommitted(listener), room: () => recorder.room() },
  clock,
  log,
  graceMs: Number(graceMs),
  lookEveryMs: 500,
  plans,
});
const hostFile = { pid: process.pid, startedAt: clock.now(), version: '0.0.0', contractVersion: 1, secret, apiUrl: '', hubPath: hub.path };
if (visibility !== 'hidden') {
  writeFileSync(join(dataDir, 'host.json.new'), JSON.stringify(hostFile), { mode: 0o600 });
  renameSync(join(dataDir, 'host.json.new'), join(dataDir, 'host.json'));
}
process.stdout.write('ready\n');

process.once('SIGTERM', () => {
  void (async () => {
    await hub.close();
    await recorder.close();
    await store.close();
    process.exit(0);
  })();
});
