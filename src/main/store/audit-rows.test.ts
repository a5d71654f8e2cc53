/** The audit in the store: rows once, a head that only goes on, pages, and what trimming leaves. */
import { expect, test } from 'vitest';
import { openTestStore } from '../../../test/kit/store-kit.ts';
import { openAuditLedgerFile } from './audit-reading.ts';
import type { AuditLedgerRow } from './traffic-store.ts';

const start = { seq: 1, prevHash: '0' };

function row(seq: number, change: Partial<AuditLedgerRow> = {}): AuditLedgerRow {
  return {
    seq,
    at: seq * 1000,
    kind: 'call',
    principalId: 'key:ci',
    upstream: 'files',
    hash: `h${seq}`,
    line: `{"seq":${seq}}`,
    ...change,
  };
}

const rows = (from: number, to: number, change?: Partial<AuditLedgerRow>) =>
  Array.from({ length: to - from + 1 }, (_, at) => row(from + at, change));

test('appending moves the head; a row that is there already stays as it was', async () => {
  await using kit = await openTestStore();
  const { store } = kit;
  expect(await store.auditHead()).toBeUndefined();
  await store.appendAudit(rows(1, 3), start);
  await store.appendAudit([row(3, { hash: 'forged' }), row(4)], start);
  expect(await store.auditHead()).toEqual({ seq: 4, hash: 'h4', firstSeq: 1, firstPrevHash: '0' });
  expect(await store.auditHashes(2, 10)).toEqual([
    { seq: 3, hash: 'h3' },
    { seq: 4, hash: 'h4' },
  ]);
  await store.appendAudit(rows(1, 2), start);
  expect((await store.auditHead())?.seq).toBe(4);
});

test('pages come newest first, filtered, and go on at their cursor', async () => {
  await using kit = await openTestStore();
  const { store } = kit;
  await store.appendAudit(
    [...rows(1, 5), row(6, { kind: 'auth', line: '{"reason":"100%"}' }), row(7, { principalId: 'key:other' })],
    start,
  );
  const first = await store.auditRows({ limit: 3 });
  expect(first.lines).toEqual(['{"seq":7}', '{"reason":"100%"}', '{"seq":5}']);
  const second = await store.auditRows({ limit: 3, cursor: first.cursor as number });
  expect(second).toEqual({ lines: ['{"seq":4}', '{"seq":3}', '{"seq":2}'], cursor: 2 });
  expect(await store.auditRows({ limit: 3, cursor: 2 })).toEqual({ lines: ['{"seq":1}'] });
  expect((await store.auditRows({ limit: 10, kinds: ['auth'] })).lines).toEqual(['{"reason":"100%"}']);
  expect((await store.auditRows({ limit: 10, principal: 'key:other' })).lines).toEqual(['{"seq":7}']);
  expect((await store.auditRows({ limit: 10, from: 2000, to: 4000 })).lines).toEqual(['{"seq":3}', '{"seq":2}']);
  expect((await store.auditRows({ limit: 10, text: '100%' })).lines).toEqual(['{"reason":"100%"}']);
  expect((await store.auditRows({ limit: 10, text: '1_0' })).lines).toEqual([]);
  expect((await store.auditRows({ limit: 10, upstream: 'none' })).lines).toEqual([]);
});

test('a search that finds nothing stops after a step and says where to go on', async () => {
  await using kit = await openTestStore();
  const { store } = kit;
  await store.appendAudit(rows(1, 50_010), start);
  expect(await store.auditRows({ limit: 5, text: 'nowhere' })).toEqual({ lines: [], cursor: 11 });
  expect(await store.auditRows({ limit: 5, text: 'nowhere', cursor: 11 })).toEqual({ lines: [] });
});

test('trimming goes in steps, and the head knows the new beginning at once', async () => {
  await using kit = await openTestStore();
  const { store } = kit;
  await store.appendAudit(rows(1, 3000), start);
  const from = { seq: 2501, prevHash: 'h2500' };
  expect([await store.trimAudit(from), await store.trimAudit(from), await store.trimAudit(from)]).toEqual([2000, 500, 0]);
  expect(await store.auditHead()).toEqual({ seq: 3000, hash: 'h3000', firstSeq: 2501, firstPrevHash: 'h2500' });
  expect((await store.auditHashes(0, 1))[0]?.seq).toBe(2501);
});

test('the file can be read beside the store that writes it', async () => {
  await using kit = await openTestStore();
  await kit.store.appendAudit(rows(1, 2), start);
  const file = openAuditLedgerFile(kit.path);
  expect([file?.head()?.hash, file?.hashes(1, 10)]).toEqual(['h2', [{ seq: 2, hash: 'h2' }]]);
  file?.close();
  expect(openAuditLedgerFile(`${kit.path}.none`)).toBeUndefined();
});
