/** The page in a real browser, with a host whose states and answers a test sets. */
import { beforeEach, expect, test } from 'vitest';
import type { Locator } from 'vitest/browser';
import { render } from 'vitest-browser-react';
import { FakeHost } from '../../../../test/kit/fake-host.ts';
import { aBreaker, aKey, anInstance, anUpstream, aStatus, someLimits } from '../../../../test/kit/gateway-states.ts';
import type { ToolChangeData } from '../../../shared/model/gateway-desk.ts';
import { WorkbenchContext } from '../../state/use-workbench.ts';
import { workbench, type Workbench } from '../../state/workbench.ts';
import { LimitsPage } from './limits-page.tsx';

const changed: ToolChangeData = {
  upstream: 'billing',
  tool: 'find_invoice',
  pinnedAt: 0,
  changedAt: 0,
  isBlocked: true,
  digest: 'sha256:two',
  members: [{ member: 'description', before: { digest: 'a', text: '"Looks up."' }, after: { digest: 'b', text: '"Looks up and mails."' } }],
};
let changes: ToolChangeData[] = [];
let host: FakeHost;
let bench: Workbench;
beforeEach(() => {
  changes = [];
  host = new FakeHost({
    'breaker.set': () => ({ upstreams: [] }),
    'pin.changes': () => ({ changes }),
    'pin.approve': () => {
      changes = [];
      return {};
    },
    'host.info': () => ({
      version: '0',
      contractVersion: 1,
      kind: 'headless' as const,
      pid: 1,
      dataDir: '/home/sam/my data',
      nodeVersion: '',
      platform: 'linux',
      startedAt: 0,
      wrapCommand: '',
      proxyCommand: '',
      listeners: [],
    }),
  });
  host.tell('gateway', aStatus());
  host.tell('limits', someLimits());
  host.tell('upstreams', { upstreams: [anUpstream({ instances: [anInstance(), anInstance({ id: 'b' })] })] });
  bench = workbench(host, document.createElement('div'));
});

const page = () =>
  render(
    <WorkbenchContext value={bench}>
      <LimitsPage />
    </WorkbenchContext>,
  );
const keyRows = (screen: Awaited<ReturnType<typeof page>>) => screen.getByRole('table', { name: 'Limiter keys' }).getByRole('row');
const says = async (where: Locator, text: string) => {
  await expect.poll(() => where.element().textContent).toContain(text);
};
const toasts = () => bench.window.getState().toasts;

test('without a configuration it says where the file goes and which command begins one', async () => {
  const { configPath, configHash, configuredAt, ...bare } = aStatus();
  void [configPath, configHash, configuredAt];
  host.tell('gateway', { ...bare, configProblems: ['line 2: Unknown key "admn"'] });
  host.tell('upstreams', { upstreams: [] });
  const screen = await page();
  await expect.element(screen.getByText('/home/sam/my data/shadowcat.yaml')).toBeVisible();
  await expect.element(screen.getByText("npx shadowcat config init --data-dir '/home/sam/my data'")).toBeVisible();
  await says(screen.getByRole('alert'), 'Nothing is in force. Wrong is:line 2: Unknown key "admn"');
});

test('tripping asks first and says what happens to calls, then offers the way back', async () => {
  const screen = await page();
  await screen.getByRole('button', { name: 'Trip billing/a' }).click();
  await says(screen.getByRole('dialog'), 'New calls to billing go to its other instance.');
  expect(host.asked).not.toContainEqual(expect.objectContaining({ 'breaker.set': expect.anything() as unknown }));
  await screen.getByRole('dialog').getByRole('button', { name: 'Trip' }).click();
  await expect.poll(() => host.asked.at(-1)).toEqual({ 'breaker.set': { upstream: 'billing', instance: 'a', action: 'trip' } });
  await expect.poll(() => toasts().map(({ text, action }) => `${text} ${action?.label}`)).toEqual(['Tripped billing/a. Reset']);
  toasts()[0]?.action?.run();
  await expect.poll(() => host.asked.at(-1)).toEqual({ 'breaker.set': { upstream: 'billing', instance: 'a', action: 'reset' } });
});

test('isolating the only instance says that every call will be refused; Cancel does nothing', async () => {
  host.tell('upstreams', { upstreams: [anUpstream()] });
  const screen = await page();
  const askedBefore = host.asked.length;
  await screen.getByRole('button', { name: 'Isolate billing/a' }).click();
  await says(screen.getByRole('dialog'), 'every call to billing will be refused');
  await screen.getByRole('button', { name: 'Cancel' }).click();
  await expect.element(screen.getByRole('dialog')).not.toBeInTheDocument();
  expect(host.asked.slice(askedBefore).filter(call => Object.hasOwn(call as object, 'breaker.set'))).toEqual([]);
});

test('buttons that would change nothing are off; an isolated instance can only rejoin', async () => {
  const isolated = anInstance({ breaker: aBreaker({ word: 'isolated' }), effectiveWeight: 0 });
  const open = anInstance({ id: 'b', breaker: aBreaker({ word: 'open', reopensAt: Date.now() + 60_000, consecutiveOpens: 3 }) });
  host.tell('upstreams', { upstreams: [anUpstream({ instances: [isolated, open, anInstance({ id: 'c' })] })] });
  const screen = await page();
  const buttonsOf = (id: string) =>
    screen
      .getByRole('button')
      .elements()
      .filter(button => button.getAttribute('aria-label')?.endsWith(`billing/${id}`))
      .map(button => `${button.textContent}${button.hasAttribute('disabled') ? ' off' : ''}`);
  const card = screen.getByRole('region', { name: 'billing/b, Open' });
  await expect.poll(() => card.element().textContent).toMatch(/reopens in (60 s|59 s|1:00 min), 3rd time/);
  expect(buttonsOf('a')).toEqual(['Trip off', 'Reset off', 'Rejoin']);
  expect(buttonsOf('b')).toEqual(['Trip off', 'Reset', 'Isolate']);
  expect(buttonsOf('c')).toEqual(['Trip', 'Reset off', 'Isolate']);
  host.become({ kind: 'lost', sinceAt: Date.now(), attempt: 1 });
  await expect.poll(() => buttonsOf('c')).toEqual(['Trip off', 'Reset off', 'Isolate off']);
});

test('a host that is gone leaves its last state, also to a page that is opened after that', async () => {
  const first = await page();
  await expect.element(first.getByRole('region', { name: 'billing/a, Closed' })).toBeVisible();
  host.become({ kind: 'lost', sinceAt: Date.now(), attempt: 1 });
  await first.unmount();
  const again = await page();
  await expect.element(again.getByRole('region', { name: 'billing/a, Closed' })).toBeVisible();
  await expect.element(again.getByText('Policies enforced')).toBeVisible();
});

test('the drawing of the error rate has words, and the last trip leads to its rows in Live', async () => {
  const breaker = aBreaker({
    word: 'open',
    buckets: [
      { calls: 3, failures: 0 },
      { calls: 1, failures: 1 },
    ],
    lastTripAt: Date.UTC(2026, 10, 27, 14, 2, 4),
    lastTripReason: '5 failures in a row; the last: HTTP 503',
  });
  host.tell('upstreams', { upstreams: [anUpstream({ instances: [anInstance({ breaker })] })] });
  const screen = await page();
  await expect.element(screen.getByRole('img', { name: 'Error rate: 25 % of 4 calls failed; trips at 50 %' })).toBeInTheDocument();
  await screen.getByRole('button', { name: /^Tripped/ }).click();
  expect(bench.window.getState()).toMatchObject({
    page: 'live',
    filter: expect.stringMatching(/^server:billing time:>=2026-11-27T14:01:04/) as unknown,
  });
});

test('limiter keys say what is left in words and are filtered; more held than shown is said', async () => {
  const keys = [
    aKey({
      limitId: 'deletes',
      tier: 'endpoint',
      key: '/mcp tools/call delete',
      remaining: 0,
      capacity: 3,
      refusedCount: 7,
      lastRefusedAt: 1,
    }),
    aKey({ limitId: 'shy', mode: 'shadow', remaining: 5 }),
  ];
  host.tell('limits', someLimits({ keys, keyCount: 1234, admittedCount: 10, refusedCount: 7, shadowCount: 2 }));
  const screen = await page();
  await expect.element(screen.getByText('2 of 1,234 keys held · 10 admitted · 7 refused · 2 would be, in shadow')).toBeVisible();
  await expect
    .element(screen.getByRole('meter', { name: 'Left of deletes for /mcp tools/call delete' }))
    .toHaveAttribute('aria-valuetext', '0 / 3');
  await says(keyRows(screen).nth(1), 'used up');
  await screen.getByRole('searchbox', { name: 'Filter limiter keys' }).fill('shadow');
  await expect.poll(() => keyRows(screen).elements().length).toBe(2);
  await screen.getByRole('searchbox').fill('nothing like it');
  await expect.element(screen.getByText('No key has “nothing like it”.')).toBeVisible();
});

test('a changed tool shows what differs, and is approved by the digest that was looked at', async () => {
  changes = [changed];
  const screen = await page();
  await says(screen.getByRole('insertion'), ' and mails');
  await screen.getByRole('button', { name: 'Approve find_invoice at billing' }).click();
  await expect.element(screen.getByRole('heading', { name: 'Changed tools' })).not.toBeInTheDocument();
  expect(host.asked).toContainEqual({ 'pin.approve': { upstream: 'billing', tool: 'find_invoice', digest: 'sha256:two' } });
});
