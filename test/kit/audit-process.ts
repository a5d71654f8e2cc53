/**
 * An audit that is written without a pause, as a process of its own, so that a test may kill it in the middle. Arguments: the
 * data directory and the name of the run. Prints `kept N` once call N and all before it are on the disk and in the database.
 */
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { openAuditTrail } from '../../src/main/audit/audit-trail.ts';
import { silentLogger, systemClock as clock } from '../../src/main/ports.ts';
import { openStore } from '../../src/main/store/open-store.ts';
import { anExchangeEvent } from './gateway-events.ts';
import { storeWorkers } from './store-kit.ts';

const [dataDir, run = 'run', limit = '0'] = process.argv.slice(2);
if (dataDir === undefined) throw new Error('Usage: audit-process.ts DATA_DIR [RUN] [COUNT]');
mkdirSync(dataDir, { recursive: true, mode: 0o700 });
const store = await openStore({ path: join(dataDir, 'traffic.db'), workers: storeWorkers, clock, log: silentLogger });
const config = () => ({ enabled: true, arguments: false, maxFile: 200_000, maxFiles: 1000 });
const audit = await openAuditTrail({ dir: join(dataDir, 'audit'), store, clock, config, log: silentLogger });

for (let count = 1; limit === '0' || count <= Number(limit); count += 1) {
  audit.observe(anExchangeEvent({ at: clock.now(), target: `${run}-${count}`, correlationId: 'x'.repeat(60) }));
  // Now and then somebody waits for the disk; between that, rows come faster than they are waited for.
  if (count % 250 === 0) {
    await audit.flush();
    process.stdout.write(`kept ${count}\n`);
  } else if (count % 25 === 0) await new Promise(resolve => setImmediate(resolve));
}
await audit.close();
await store.close();
