/** A small application for the double: our real window, scheme and IPC wire, with a counting topic and an echo behind them. */
import { join } from 'node:path';
import { app } from 'electron';
import { openConnection } from '../../../src/main/api/connection.ts';
import { serveAppScheme, claimAppScheme } from '../../../src/main/desktop/app-protocol.ts';
import { namedDataDir } from '../../../src/main/desktop/arguments.ts';
import { serveWindows } from '../../../src/main/desktop/ipc-wire.ts';
import { openWindow } from '../../../src/main/desktop/window.ts';
import { silentLogger } from '../../../src/main/ports.ts';
import type { TopicHandlers } from '../../../src/main/publish/topic.ts';

const say = (text: string): void => void process.stdout.write(`${text}\n`);
const dataDir = namedDataDir(process.argv) ?? '';

claimAppScheme();
app.setPath('userData', dataDir);
app.on('second-instance', (_event, argv) => say(`second instance ${argv.at(-1) ?? ''}`));
app.on('will-quit', () => say('will quit'));
if (app.requestSingleInstanceLock()) void run();
else app.quit();

async function run(): Promise<void> {
  await app.whenReady();
  serveAppScheme(join(import.meta.dirname, 'page'));
  let connectionCount = 0;
  serveWindows(
    {
      connect(peer) {
        connectionCount += 1;
        const id = connectionCount;
        say(`connection ${id} opened`);
        const connection = openConnection(peer, {
          id: String(id),
          topicHandlers,
          log: silentLogger,
          serve: async (name, input) => ({ ok: true, value: { name, input } }),
        });
        return {
          ...connection,
          close() {
            say(`connection ${id} closed`);
            connection.close();
          },
        };
      },
    },
    url => url.startsWith('shadowcat://app/'),
  );
  openWindow({
    preload: join(import.meta.dirname, '..', '..', '..', 'out', 'preload', 'bridge.cjs'),
    placeFile: join(dataDir, 'window.json'),
    url: 'shadowcat://app/index.html',
    icon: '',
  });
}

/** Counts a thousand times a second; a slow taker gets the newest count. */
const counting = {
  subscribe(_params: unknown, _caller: unknown, push: (message: unknown) => void) {
    let count = 0;
    const timer = setInterval(() => push({ count: (count += 1) }), 1);
    return Promise.resolve(() => clearInterval(timer));
  },
  conflate: (_older: unknown, newer: unknown) => newer,
};
const topicHandlers = { status: counting } as unknown as TopicHandlers;
