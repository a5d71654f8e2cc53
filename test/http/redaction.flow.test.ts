/** What is secret in traffic reaches the server unchanged and the disk masked. */
import { expect, test } from 'vitest';
import { createRecorder } from '../../src/main/recording/recorder.ts';
import { silentLogger, systemClock } from '../../src/main/ports.ts';
import type { FrameRecord } from '../../src/main/traffic/records.ts';
import { ask, postText } from '../kit/http-raw-client.ts';
import { startRelay } from '../kit/http-relay.ts';
import { rawUpstream } from '../kit/raw-upstream.ts';

test('checklist 31: credentials pass byte for byte, and what the recorder commits does not contain them', async () => {
  const secrets = ['Bearer-of-secret-1', 'cookie-secret-2', 'set-secret-3'] as const;
  await using upstream = await rawUpstream(request =>
    request.answer(
      '200 OK',
      { 'Content-Type': 'application/json', 'Set-Cookie': `sid=${secrets[2]}` },
      '{"jsonrpc":"2.0","id":1,"result":{}}',
    ),
  );
  const committed: FrameRecord[] = [];
  const store = {
    commit(batch: { readonly frames: readonly FrameRecord[] }) {
      committed.push(...batch.frames);
      return Promise.resolve({ frameCount: batch.frames.length, insertedIds: [], updatedIds: [], sessionIds: [], committedSeq: {} });
    },
  };
  const recorder = createRecorder({ store, clock: systemClock, log: silentLogger });
  await using relay = await startRelay(upstream.url, { sink: recorder });
  const response = await ask(
    relay.port,
    postText({ jsonrpc: '2.0', id: 1, method: 'ping' }, [
      ['Authorization', `Bearer ${secrets[0]}`],
      ['Cookie', `a=${secrets[1]}`],
    ]),
  );
  expect(upstream.requests[0]?.field('authorization')).toBe(`Bearer ${secrets[0]}`);
  expect(upstream.requests[0]?.field('cookie')).toBe(`a=${secrets[1]}`);
  expect(response.field('set-cookie')).toBe(`sid=${secrets[2]}`);
  await recorder.flush();
  expect(committed).toHaveLength(2);
  const stored = JSON.stringify(committed.map(frame => [frame.http, Buffer.from(frame.body).toString()]));
  for (const secret of secrets) expect(stored).not.toContain(secret);
  // Masked, not dropped: the names still stand where they stood.
  expect(committed[0]?.http?.headers.map(([name]) => name)).toContain('Authorization');
});
