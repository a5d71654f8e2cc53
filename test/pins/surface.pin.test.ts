/**
 * What others rely on, as literals: change one of these only on purpose, with a line in the changelog. The expected
 * side is never computed from the source.
 */
import { expect, test } from 'vitest';
import { calls } from '../../src/shared/contract/calls.ts';
import { topics } from '../../src/shared/contract/topics.ts';
import { contractVersion } from '../../src/shared/contract/wire.ts';
import { errorTable, rpcErrorBody } from '../../src/shared/errors/error-table.ts';
import { defaultProxyPort } from '../../src/main/open-proxies.ts';
import { silentLogger, systemClock } from '../../src/main/ports.ts';
import {
  type GuardDeps,
  guardedStagesInOrder,
  openStagesInOrder,
  stagesInOrder,
  stdioStagesInOrder,
  strayStagesInOrder,
} from '../../src/main/stages/order.ts';

test('the stages run in this order, and each of them acts', () => {
  const stages = stagesInOrder({ clock: systemClock, log: silentLogger, pressure: () => undefined });
  expect(stages.map(stage => stage.name)).toEqual(['record', 'forward']);
});

test('a guarded route has these stages in this order, a wrapped session those that can act on it, what is open none', () => {
  const deps = {
    record: {},
    account: {},
    authenticate: {},
    validate: {},
    sessions: {},
    policy: {},
    limits: {},
    retry: {},
  } as unknown as GuardDeps;
  const names = (stages: readonly { readonly name: string }[]) => stages.map(stage => stage.name);
  expect(names(guardedStagesInOrder(deps))).toEqual([
    'record',
    'account',
    'limit-ip',
    'authenticate',
    'validate',
    'bind-session',
    'apply-policy',
    'limit-rate',
    'retry',
    'forward',
  ]);
  expect(names(stdioStagesInOrder(deps))).toEqual(['account', 'apply-policy', 'limit-rate', 'forward']);
  expect(names(openStagesInOrder(deps))).toEqual(['record', 'account', 'forward']);
  expect(names(strayStagesInOrder(deps))).toEqual(['record', 'account', 'limit-ip', 'forward']);
});

test('each failure has this JSON-RPC number and this HTTP status', () => {
  const rows = Object.entries(errorTable).map(([code, row]) => `${code} ${row.rpcCode} ${row.httpStatus}`);
  expect(rows).toEqual([
    'FOREIGN_HOST 40301 403',
    'FOREIGN_ORIGIN 40301 403',
    'UNAUTHORIZED 40100 401',
    'INSUFFICIENT_SCOPE 40300 403',
    'DENIED 40300 200',
    'BLOCKED 40302 403',
    'SESSION_LOST 40400 404',
    'METHOD_NOT_ALLOWED 40500 405',
    'UNSUPPORTED_TYPE 41500 415',
    'LIMITED 42900 429',
    'UNAVAILABLE 50300 503',
    'NO_ROUTE 40400 404',
    'BODY_TOO_LARGE 41300 413',
    'BAD_REQUEST 40000 400',
    'UPSTREAM_DOWN 50200 502',
    'UPSTREAM_BROKE 50200 502',
    'UPSTREAM_AUTH 50200 502',
    'HEADER_MISMATCH -32020 400',
    'META_MISSING -32602 400',
    'UPSTREAM_TIMEOUT 50400 504',
    'BAD_CALL 40000 400',
    'NOT_FOUND 40400 404',
    'NOT_ALLOWED 40300 403',
    'CONFLICT 40900 409',
    'CANCELLED 49900 499',
    'STORE_FAILED 50000 500',
    'SHUTTING_DOWN 50300 503',
    'INTERNAL 50000 500',
  ]);
});

test('no number of ours lies in the range that belongs to JSON-RPC and MCP', () => {
  const inReserved = Object.entries(errorTable).filter(([, row]) => row.rpcCode >= -32768 && row.rpcCode <= -32000);
  // MCP 2026-07-28, standard headers: an intermediary that reads the body answers a mismatch with the number of the
  // specification, and a request without its metadata as invalid parameters.
  expect(inReserved.map(([code]) => code)).toEqual(['HEADER_MISMATCH', 'META_MISSING']);
});

test('an error of ours carries the id of the request as it was written', () => {
  expect(JSON.parse(rpcErrorBody('UPSTREAM_DOWN', 'gone.', '"7"', { may_have_executed: false }))).toEqual({
    jsonrpc: '2.0',
    id: '7',
    error: {
      code: 50200,
      message: 'gone. Check that the server runs, then try again.',
      data: { reason: 'UPSTREAM_DOWN', may_have_executed: false },
    },
  });
  expect(rpcErrorBody('UPSTREAM_DOWN', 'gone.', '9007199254740993')).toContain('"id":9007199254740993,');
  expect(rpcErrorBody('UPSTREAM_DOWN', 'gone.', undefined)).toContain('"id":null,');
});

test('the contract has these calls and topics', () => {
  expect(contractVersion).toBe(1);
  expect(Object.keys(calls)).toEqual([
    'host.info',
    'host.doctor',
    'host.stop',
    'host.uiUrl',
    'host.showWindow',
    'session.list',
    'session.get',
    'session.rename',
    'session.delete',
    'session.restore',
    'session.frames',
    'timeline.open',
    'timeline.close',
    'timeline.rows',
    'timeline.indexOf',
    'timeline.find',
    'exchange.get',
    'exchange.find',
    'frame.body',
    'filter.read',
    'filter.values',
    'recording.set',
    'listener.open',
    'listener.close',
    'sample.play',
    'sample.stop',
    'gateway.load',
    'gateway.status',
    'gateway.upstreams',
    'gateway.limits',
    'breaker.set',
    'session.kill',
    'config.read',
    'config.check',
    'config.write',
    'config.edit',
    'config.draft',
    'config.schema',
    'config.history',
    'config.diff',
    'config.rollback',
    'policy.dryRun',
    'policy.explain',
    'audit.query',
    'audit.verify',
    'pin.changes',
    'pin.approve',
    'signIn.state',
    'signIn.begin',
    'signIn.forget',
    'secret.list',
    'secret.set',
    'secret.delete',
    'log.levels',
    'log.setLevel',
    'preferences.get',
    'preferences.set',
  ]);
  expect(Object.keys(topics)).toEqual(['timeline', 'sources', 'sessions', 'status', 'gateway', 'upstreams', 'limits', 'preferences']);
});

test('proxy listens here unless told otherwise', () => {
  expect(defaultProxyPort).toBe(7381);
});
