import { Worker } from 'node:worker_threads';
import { afterEach, expect, test, vi } from 'vitest';
import { silentLogger } from '../ports.ts';
import { storeWorkers } from '../../../test/kit/store-kit.ts';
import { StoreThread } from './store-thread.ts';

afterEach(() => {
  vi.restoreAllMocks();
});

interface Calls {
  close(): void;
  quickCheck(deadlineMs: number): unknown;
}

function start(entry: URL): StoreThread<Calls> {
  const data = { path: '/nowhere/traffic.db' };
  return new StoreThread<Calls>({ name: 'tested', entry, data, log: silentLogger, onEvent: () => {}, onRestarted: () => {} });
}

test('a thread ends by itself once its file is closed: nothing breaks into what it does', async () => {
  const terminate = vi.spyOn(Worker.prototype, 'terminate');
  const thread = start(storeWorkers.reader);

  await thread.close();

  expect(terminate).not.toHaveBeenCalled();
  await expect(thread.call('quickCheck', [1])).rejects.toThrow('The store is closed.');
});

test('a thread that says it has closed and goes on all the same is stopped', async () => {
  const terminate = vi.spyOn(Worker.prototype, 'terminate');
  const neverEnds = `
    import { parentPort } from 'node:worker_threads';
    parentPort.on('message', ({ id }) => parentPort.postMessage({ id, ok: true }));
  `;
  const thread = start(new URL(`data:text/javascript,${encodeURIComponent(neverEnds)}`));

  await thread.close();

  expect(terminate).toHaveBeenCalledTimes(1);
});

test('a thread that dies while it is asked to close is not waited for', async () => {
  const dies = `
    import { parentPort } from 'node:worker_threads';
    parentPort.on('message', () => { throw new Error('no more'); });
  `;
  const thread = start(new URL(`data:text/javascript,${encodeURIComponent(dies)}`));

  await expect(thread.close()).rejects.toThrow("The store's tested thread ended.");
});
