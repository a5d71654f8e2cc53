/** What a host says to a person once it is ready. */
import { expect, test } from 'vitest';
import type { ListenerInfo } from '../../shared/model/host.ts';
import { sayReady } from './ready-line.ts';
import type { Screen } from './screen.ts';

const route = (path: string) => ({ kind: 'gateway', name: path, url: `http://127.0.0.1:7380${path}`, upstream: 'web' }) as ListenerInfo;

async function said(listeners: readonly ListenerInfo[]): Promise<string> {
  let text = '';
  const screen = { write: (part: string) => Promise.resolve(void (text += part)) } as unknown as Screen;
  await sayReady(screen, { event: 'ready', uiUrl: undefined, pid: 1, dataDir: '/d', listeners }, 'node shim.mjs --');
  return text;
}

test('it says what to point clients at: one address, several, or the wrapping command', async () => {
  expect(await said([route('/a')])).toContain('Point the client at the address above instead of the server.\n');
  expect(await said([route('/a'), route('/b')])).toContain('Point clients at the addresses above instead of the servers.\n');
  expect(await said([])).toContain("put this before its command in the client's configuration: node shim.mjs --\n");
});
