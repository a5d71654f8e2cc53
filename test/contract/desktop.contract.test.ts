/**
 * The one contract suite over Electron's IPC: each connection is a window of the running desktop host, reached through
 * `window.shadowcat`, which the built preload put there. The host runs on the test double of Electron; what that cannot
 * cover is said in its `electron.ts`.
 */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { _electron, type Dialog, type ElectronApplication, type Page } from 'playwright';
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { Bridge } from '../../src/shared/contract/wire.ts';
import { callsNeverAnswered, contractCases } from './contract-cases.ts';
import { gatewayCases } from './gateway-cases.ts';
import { sampleUpstream, type SampleUpstream } from './sample-upstream.ts';
import { answeredCalls, type Connection, type Subject } from './wire-under-test.ts';

const root = resolve(import.meta.dirname, '..', '..');
const fakeElectron = join(root, 'e2e', 'electron-double', 'fake-electron');
const preload = join(root, 'out', 'preload', 'bridge.cjs');

let dataDir: string;
let app: ElectronApplication;
let upstream: SampleUpstream;
let subject: Subject;

/** Windows whose connection was closed; opening one takes a second, so the next connection is a new document in one of these. */
const idleWindows: Page[] = [];

beforeAll(async () => {
  dataDir = mkdtempSync(join(tmpdir(), 'desktop-contract-'));
  upstream = await sampleUpstream(join(root, 'resources', 'sample', 'http-server.mjs'));
  app = await _electron.launch({ executablePath: fakeElectron, args: [root, '--data-dir', dataDir], cwd: root });
  await app.firstWindow();
  answeredCalls.clear();
  subject = { connect: async () => asConnection(idleWindows.pop() ?? (await openWindow())), upstreamUrl: upstream.url };
});

afterAll(async () => {
  await app.close();
  await upstream.stop();
  rmSync(dataDir, { recursive: true, force: true });
});

// What only the command line may do has no door here; the case about windows asserts the refusals.
test.each([...gatewayCases, ...contractCases].filter(({ needs }) => needs !== 'administrator'))('$title', async ({ run }) => {
  await expect(run(subject)).resolves.toBeUndefined();
});

test('every call that a window may make was answered at least once', () => {
  expect(callsNeverAnswered({ administrator: false })).toEqual([]);
});

/** A window of our origin without the app in it, which would make calls and subscriptions of its own. */
async function openWindow(): Promise<Page> {
  const opened = app.waitForEvent('window');
  await app.evaluate(({ BrowserWindow }, preloadFile) => {
    const window = new BrowserWindow({
      show: false,
      webPreferences: { preload: preloadFile, contextIsolation: true, sandbox: true, nodeIntegration: false },
    });
    void window.loadURL('shadowcat://app/an-empty-page');
  }, preload);
  const page = await opened;
  await page.waitForFunction(() => 'shadowcat' in window);
  await page.exposeBinding('tellTest', (_source, [subscription, what, message]: Told) => {
    const [, , onMessage, onClosed] = followersOf.get(page)?.get(subscription) ?? [];
    if (typeof what === 'number') onMessage?.(what, JSON.parse(message));
    else onClosed?.(what, message);
  });
  return page;
}

/** What a window tells the test of a subscription: a message with its number, or the end with its code. */
type Told = readonly [subscription: number, what: number | string, message: string];

/** What the test keeps in a window: the bridge, the way to the test, and the ways to end subscriptions. */
interface Inside {
  readonly shadowcat: Bridge;
  tellTest(told: Told): void;
  readonly stops: Map<number, () => void>;
}

/** What follows the subscriptions of the document in a window now. */
const followersOf = new WeakMap<Page, Map<number, Parameters<Bridge['subscribe']>>>();

/** The bridge of a window, from outside of it. Values travel as JSON, which is what the contract promises. */
async function asConnection(page: Page): Promise<Connection> {
  const followers = new Map<number, Parameters<Bridge['subscribe']>>();
  followersOf.set(page, followers);
  const inside = await page.evaluateHandle(() => Object.assign(window as unknown as Inside, { stops: new Map() }) as Inside);
  return {
    async call(name, input) {
      const reply = await inside.evaluate(
        async ({ shadowcat }, [callName, text]) => JSON.stringify(await shadowcat.call(callName, JSON.parse(text))),
        [name, JSON.stringify(input)] as const,
      );
      return JSON.parse(reply) as Awaited<ReturnType<Bridge['call']>>;
    },
    subscribe(...following) {
      const subscription = followers.size + 1;
      followers.set(subscription, following);
      const [topic, params] = following;
      // Not awaited: what is asked of a page reaches it in the order of asking.
      void inside.evaluate(
        ({ shadowcat, stops, tellTest }, [id, topicName, text]) => {
          const stop = shadowcat.subscribe(
            topicName,
            JSON.parse(text),
            (seq, message) => tellTest([id, seq, JSON.stringify(message)]),
            (code, message) => tellTest([id, code, message]),
          );
          stops.set(id, stop);
        },
        [subscription, topic, JSON.stringify(params)] as const,
      );
      return () => void inside.evaluate(({ stops }, id) => stops.get(id)?.(), subscription);
    },
    async close() {
      // The host lets go of a document when the next one in its window says hello.
      await page.reload();
      await page.waitForFunction(() => 'shadowcat' in window);
      idleWindows.push(page);
    },
    flow: holdOf(page),
  };
}

/** What the test asks of a page in the same breath still reaches it before it is held. */
const holdAfterMs = 300;

/** A page that shows a dialog runs nothing until somebody closes it: so looks a page that is busy. */
function holdOf(page: Page): NonNullable<Connection['flow']> {
  const held = Promise.withResolvers<Dialog>();
  page.once('dialog', held.resolve);
  return {
    pause: () => void page.evaluate(afterMs => void setTimeout(() => alert('held by the test'), afterMs), holdAfterMs),
    resume: () => void held.promise.then(dialog => dialog.dismiss()),
  };
}
