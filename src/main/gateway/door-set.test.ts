/** Listeners that come and go with the configuration. */
import { once } from 'node:events';
import { connect } from 'node:net';
import { expect, test } from 'vitest';
import { Config } from '../../shared/config/schema.ts';
import { randomIds, silentLogger as log, systemClock } from '../ports.ts';
import { DoorSet } from './door-set.ts';
import type { ListenerServing } from './serving.ts';

const { listeners } = Config.parse({
  version: 1,
  listeners: [{ name: 'main', port: 0, routes: [{ path: '/mcp', upstream: 'files' }] }],
  upstreams: { files: { instances: [{ id: 'a', url: 'http://127.0.0.1:1/mcp' }] } },
});
/** Nothing is asked of it here. */
const unused = { serving: {}, close: () => undefined } as unknown as ListenerServing;

test('stopping does not leave the connections of a listener that was taken out shortly before', async () => {
  const doors = new DoorSet({ clock: systemClock, ids: randomIds, log });
  const none = new Map<string, never>();
  doors.apply(await doors.prepare(listeners, none, () => unused), none);
  const [{ origin } = { origin: '' }] = doors.listening();
  const socket = connect(Number(new URL(origin).port), '127.0.0.1');
  await once(socket, 'connect');
  // The beginning of a request, so that the connection is not an idle one.
  socket.write('POST /mcp HTTP/1.1\r\nHost: 127.0.0.1\r\n');
  await new Promise(resolve => setTimeout(resolve, 50));
  const closed = once(socket.resume(), 'close').then(() => 'closed');

  doors.apply(await doors.prepare([], none, () => unused), none);
  await doors.close(0);
  const late = new Promise(resolve => setTimeout(resolve, 2000, 'still open').unref());
  expect(await Promise.race([closed, late])).toBe('closed');
});
