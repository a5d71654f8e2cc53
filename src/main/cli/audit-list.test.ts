/** Rows of the audit as a person reads them. */
import { expect, test } from 'vitest';
import type { AuditRow } from '../../shared/model/audit.ts';
import { auditCells } from './audit-list.ts';

const row = (facts: Partial<AuditRow>): AuditRow => ({
  seq: 7,
  at: '2026-11-22T08:00:00.000Z',
  kind: 'call',
  action: 'allowed',
  prev_hash: '',
  hash: '',
  ...facts,
});
const [whatAt, byAt] = [6, 7];

test.each<[string, Partial<AuditRow>]>([
  ['tools/call read_file', { method: 'tools/call', target: 'read_file' }],
  ['tools/list', { method: 'tools/list' }],
  ['a closed → open', { kind: 'breaker', action: 'open', instance: 'a', details: { from: 'closed', reopens_at: 1_795_785_686_107 } }],
  ['a read_file open → half-open', { kind: 'breaker', action: 'half-open', instance: 'a', details: { tool: 'read_file', from: 'open' } }],
  ['local pid 12', { kind: 'child', action: 'started', instance: 'local', details: { pid: 12 } }],
  ['9e62ec8bf789', { kind: 'config', action: 'applied', details: { config_hash: '9e62ec8bf789bdd22d2e' } }],
  ['web/a by local', { kind: 'admin', action: 'breaker.trip', details: { target: 'web/a', actor: 'local' } }],
  ['', { kind: 'lifecycle', action: 'started' }],
])('what it is about: %s', (what, facts) => {
  expect(auditCells(row(facts))[whatAt]).toBe(what);
});

test('policies and limits that had a say are named once each', () => {
  const decisions = [
    { stage: 'authenticate', kind: 'refused', reason: 'no_credentials' },
    { stage: 'apply-policy', kind: 'refused', id: 'no-secrets', reason: 'Not there.' },
    { stage: 'apply-policy', kind: 'shadow', id: 'trial' },
    { stage: 'apply-policy', kind: 'shadow', id: 'trial' },
  ] as AuditRow['decisions'];
  expect(auditCells(row({ kind: 'policy', action: 'refused', decisions }))[byAt]).toBe('no-secrets, trial');
});
