import { expect, test } from 'vitest';
import { anExchange } from '../../../test/kit/an-exchange.ts';
import { guardedAnswerFields, guardedRequest } from './guarded-request.ts';

const sent = { target: { path: '/' }, credentials: [], keyHeaders: new Set<string>() };

test('an instance without a URL gets no Host; a body has its own length, whatever the client said of it', () => {
  const { request, guard } = anExchange({
    rawHeaders: ['Host', 'x', 'Content-Length', '999', 'content-length', '1', 'X-A', ''],
    body: '{"jsonrpc":"2.0","id":1,"method":"ping"}',
  });
  expect(guardedRequest(request, guard, sent).rawHeaders).toEqual(['X-A', '', 'X-Correlation-Id', 'test-0001', 'Content-Length', '40']);
});

test('a request without a body has no length, and its session id is the upstream’s', () => {
  const { request, guard } = anExchange({ method: 'GET', rawHeaders: ['Mcp-Session-Id', 'sealed', 'Last-Event-ID', '3'] });
  const session = { id: 's', principalId: 'p', instanceId: 'a', upstreamSessionId: 'theirs', protocolVersion: '' };
  expect(guardedRequest(request, { ...guard, session }, sent).rawHeaders).toEqual([
    'Last-Event-ID',
    '3',
    'Mcp-Session-Id',
    'theirs',
    'X-Correlation-Id',
    'test-0001',
  ]);
});

test('names that only begin or end like a forbidden one go on', () => {
  const { request, guard } = anExchange({
    method: 'GET',
    rawHeaders: ['X-Forwarded', '1', 'Originator', '2', 'Authorization-Info', '3', 'X-API-Key-2', '4'],
  });
  expect(guardedRequest(request, guard, sent).rawHeaders.slice(0, 8)).toEqual(request.rawHeaders);
});

test('the answer of a legacy server keeps its session id for the stage that seals it', () => {
  const { guard } = anExchange();
  const fields = ['Mcp-Session-Id', 'theirs', 'set-cookie', 'a', 'WWW-AUTHENTICATE', 'b', 'X-C', 'd'];
  expect(guardedAnswerFields(fields, guard)).toEqual(['Mcp-Session-Id', 'theirs', 'X-C', 'd']);
  expect(guardedAnswerFields(fields, { ...guard, era: 'modern' })).toEqual(['X-C', 'd']);
});

test('no spelling of a credential goes on, nor what says another method, path or address', () => {
  const { request, guard } = anExchange({
    method: 'GET',
    rawHeaders: ['X-Api_Key', 'X_API_KEY', 'Api-Key', 'X-Auth-Token', 'x-access-token', 'Referer', 'X_Forwarded_For', 'X-Real-IP']
      .concat('X-HTTP-Method-Override', 'X-Original-URL', 'X_Own_Key')
      .flatMap(name => [name, 'secret']),
  });
  const { rawHeaders } = guardedRequest(request, guard, { ...sent, keyHeaders: new Set(['x-own-key']) });
  expect(rawHeaders).toEqual(['X-Correlation-Id', 'test-0001']);
  const argument = anExchange({ method: 'GET', rawHeaders: ['Mcp-Param-Api-Key', 'an argument'] });
  expect(guardedRequest(argument.request, argument.guard, sent).rawHeaders.slice(0, 2)).toEqual(argument.request.rawHeaders);
});

test('a server does not speak for the origin of the gateway', () => {
  const fields = ['Access-Control-Allow-Origin', 'Alt-Svc', 'Clear-Site-Data', 'Strict-Transport-Security', 'Refresh'].flatMap(name => [
    name,
    'x',
  ]);
  expect(guardedAnswerFields([...fields, 'X-C', 'd'], anExchange().guard)).toEqual(['X-C', 'd']);
});
