/**
 * The desktop host's own parts (window, scheme, IPC wire, bridge) in a running application on the test double of
 * Electron. Needs the built preload. What the double cannot cover is said in its `electron.ts`.
 */
import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { _electron, type ElectronApplication, type Page } from 'playwright';
import { afterAll, beforeAll, expect, test } from 'vitest';

const projectRoot = resolve(import.meta.dirname, '..', '..');
const fakeElectron = join(projectRoot, 'e2e', 'electron-double', 'fake-electron');
const probe = join(projectRoot, 'e2e', 'electron-double', 'probe', 'main.ts');

let dataDir: string;
let app: ElectronApplication;
let page: Page;
let said = '';

beforeAll(async () => {
  dataDir = mkdtempSync(join(tmpdir(), 'desktop-wire-'));
  app = await _electron.launch({ executablePath: fakeElectron, args: [probe, '--data-dir', dataDir] });
  app
    .process()
    .stdout?.setEncoding('utf8')
    .on('data', (text: string) => (said += text));
  page = await app.firstWindow();
  await page.waitForSelector('[data-ready]', { state: 'attached' });
});

afterAll(async () => {
  await app.close();
  rmSync(dataDir, { recursive: true, force: true });
});

test('the bridge exposes call and subscribe, and nothing of Node', async () => {
  const seen = await page.evaluate(() => [
    Object.keys((window as never)['shadowcat']).sort(),
    typeof (window as never)['require'],
    typeof (window as never)['process'],
  ]);

  expect(seen).toEqual([['call', 'subscribe'], 'undefined', 'undefined']);
});

test('a call reaches the host and its reply comes back', async () => {
  expect(await call('host.info', { a: [1, null, 'é'] })).toEqual({ ok: true, value: { name: 'host.info', input: { a: [1, null, 'é'] } } });
});

test('a window that does not take its messages gets the newest state afterwards, without a gap in the numbers', async () => {
  await page.evaluate(() => {
    const until = Date.now() + 1_200;
    while (Date.now() < until);
  });
  await page.waitForTimeout(300);

  const taken = await page.evaluate(() => (window as unknown as { taken: { seq: number; count: number }[] }).taken);

  expect(taken.every(({ seq }, at) => seq === at + 1)).toBe(true);
  const skipped = (taken.at(-1)?.count ?? 0) - taken.length;
  expect(skipped).toBeGreaterThan(100);
});

test('links leave to the browser of the user only over https, and the window stays', async () => {
  await page.click('#http');
  await page.click('#https');
  await page.click('#new-window');
  await expect.poll(openedUrls).toEqual(['https://example.com/', 'https://example.com/new']);

  // A real Electron never opens that window; the double closes it as soon as it is told.
  await expect.poll(() => app.windows().length).toBe(1);
  expect(await page.title()).toBe('Probe');
});

test('the scheme serves the page folder with its policy, and nothing outside it', async () => {
  const [status, policy, ...outside] = await page.evaluate(async () => {
    const index = await fetch('/index.html');
    const outsiders = await Promise.all(['/../main.ts', '/%2e%2e/main.ts', '/..%2fmain.ts', '/%00', '/%'].map(path => fetch(path)));
    return [index.status, index.headers.get('content-security-policy'), ...outsiders.map(answer => answer.status)];
  });

  expect(status).toBe(200);
  expect(policy).toContain("default-src 'none'");
  expect(policy).not.toContain('unsafe');
  expect(outside).toEqual([404, 404, 404, 404, 404]);
});

test('a reload closes the connection of the document before and opens one of its own', async () => {
  await page.reload();
  await page.waitForSelector('[data-ready]', { state: 'attached' });

  await expect.poll(() => said).toContain('connection 1 closed\nconnection 2 opened');
  expect(await call('again', {})).toMatchObject({ ok: true });
});

test('a second start tells the first and ends', async () => {
  execFileSync(fakeElectron, [probe, '--data-dir', dataDir, '--second'], { timeout: 20_000, stdio: 'ignore' });

  await expect.poll(() => said).toContain('second instance --second');
});

test('closing the window remembers its place, closes its connection and quits', async () => {
  const ended = new Promise(done => app.process().once('exit', code => done(code)));
  await app.evaluate(({ BrowserWindow }) => {
    const [window] = BrowserWindow.getAllWindows();
    window?.setBounds({ x: 10, y: 20, width: 900, height: 600 });
    setTimeout(() => window?.close(), 50);
  });

  expect(await ended).toBe(0);
  expect(said).toMatch(/connection 2 closed\n(?:.*\n)*will quit/);
  expect(JSON.parse(readFileSync(join(dataDir, 'window.json'), 'utf8'))).toEqual({ x: 10, y: 20, width: 900, height: 600 });
});

function call(name: string, input: unknown): Promise<unknown> {
  return page.evaluate(
    ([callName, callInput]) =>
      (window as unknown as { shadowcat: { call(...args: unknown[]): unknown } }).shadowcat.call(callName, callInput),
    [name, input] as const,
  );
}

function openedUrls(): Promise<unknown> {
  return app.evaluate(({ shell }) => (shell as unknown as { openedUrls: string[] }).openedUrls);
}
