/** What two readers could take differently is refused before anything is decided on it. */
import { expect, test } from 'vitest';
import { answering, anExchange, type ExchangeWish } from '../../../test/kit/an-exchange.ts';
import { validate } from './validate.ts';

const catalogue = {
  mirrored: (_upstream: string, tool: string) => (tool === 'greet' ? [{ header: 'Region', path: ['where', 'region'] }] : undefined),
};
const json = ['Content-Type', 'application/json'];
const modern = {
  _meta: { 'io.modelcontextprotocol/protocolVersion': '2026-07-28', 'io.modelcontextprotocol/clientCapabilities': {} },
};
const modernHeaders = (...more: string[]) => [...json, 'MCP-Protocol-Version', '2026-07-28', ...more];
const call = (params: object) => ({ jsonrpc: '2.0', id: 1, method: 'tools/call', params: { name: 'greet', ...params } });

async function judged(wish: ExchangeWish): Promise<string> {
  const verdict = await validate({ catalogue }).handle(anExchange(wish), answering());
  return verdict.kind === 'answer' ? 'passed' : verdict.code;
}

test.each<[string, ExchangeWish, string]>([
  ['a legacy call', { body: call({}) }, 'passed'],
  ['a legacy batch', { body: [call({}), { jsonrpc: '2.0', method: 'notifications/initialized' }] }, 'passed'],
  ['a GET', { method: 'GET', rawHeaders: ['Accept', 'text/event-stream'] }, 'passed'],
  [
    'a GET of a revision without sessions',
    { method: 'GET', rawHeaders: ['MCP-Protocol-Version', '2026-07-28', 'Last-Event-ID', '7'] },
    'METHOD_NOT_ALLOWED',
  ],
  ['a DELETE of it', { method: 'DELETE', rawHeaders: ['MCP-Protocol-Version', '2026-07-28'] }, 'METHOD_NOT_ALLOWED'],
  ['a DELETE', { method: 'DELETE', rawHeaders: ['MCP-Protocol-Version', '2025-11-25'] }, 'passed'],
  ['a PUT', { method: 'PUT', body: call({}) }, 'METHOD_NOT_ALLOWED'],
  ['no JSON (checklist 47)', { body: '{"jsonrpc":' }, 'BAD_REQUEST'],
  ['JSON that is no JSON-RPC', { body: { hello: 1 } }, 'BAD_REQUEST'],
  ['an empty body', { body: '' }, 'BAD_REQUEST'],
  ['another content type (checklist 47)', { rawHeaders: ['Content-Type', 'text/plain'], body: call({}) }, 'UNSUPPORTED_TYPE'],
  ['no content type', { rawHeaders: [], body: call({}) }, 'UNSUPPORTED_TYPE'],
  ['a packed body', { rawHeaders: [...json, 'Content-Encoding', 'gzip'], body: call({}) }, 'UNSUPPORTED_TYPE'],
  ['a modern call', { rawHeaders: modernHeaders('Mcp-Method', 'tools/call', 'Mcp-Name', 'greet'), body: call(modern) }, 'passed'],
  [
    'an encoded name',
    { rawHeaders: modernHeaders('Mcp-Method', 'tools/call', 'Mcp-Name', '=?base64?Z3JlZXQ=?='), body: call(modern) },
    'passed',
  ],
  [
    'another name in the header (checklist 11)',
    { rawHeaders: modernHeaders('Mcp-Method', 'tools/call', 'Mcp-Name', 'safe'), body: call(modern) },
    'HEADER_MISMATCH',
  ],
  [
    'another method in the header (checklist 11)',
    { rawHeaders: modernHeaders('Mcp-Method', 'tools/list', 'Mcp-Name', 'greet'), body: call(modern) },
    'HEADER_MISMATCH',
  ],
  [
    'a name twice',
    { rawHeaders: modernHeaders('Mcp-Method', 'tools/call', 'Mcp-Name', 'greet', 'mcp-name', 'safe'), body: call(modern) },
    'HEADER_MISMATCH',
  ],
  ['no name', { rawHeaders: modernHeaders('Mcp-Method', 'tools/call'), body: call(modern) }, 'HEADER_MISMATCH'],
  ['no version header', { rawHeaders: [...json, 'Mcp-Method', 'tools/call', 'Mcp-Name', 'greet'], body: call(modern) }, 'HEADER_MISMATCH'],
  [
    'a modern claim in the header alone (checklist 12)',
    { rawHeaders: modernHeaders('Mcp-Method', 'tools/call', 'Mcp-Name', 'greet'), body: call({}) },
    'META_MISSING',
  ],
  [
    'a mirrored argument that the header repeats',
    {
      rawHeaders: modernHeaders('Mcp-Method', 'tools/call', 'Mcp-Name', 'greet', 'MCP-PARAM-region', '=?base64?WsO8cmljaA==?='),
      body: call({ ...modern, arguments: { where: { region: 'Zürich' } } }),
    },
    'passed',
  ],
  ...([['Mcp-Param-Region', 'Bern'], ['Mcp-Param-Region', '=?base64?WsO8!!!ljaA==?='], []] as const).map(
    (fields): [string, ExchangeWish, string] => [
      `a mirrored argument that the header does not repeat: ${fields.join(' ') || 'none'}`,
      {
        rawHeaders: modernHeaders('Mcp-Method', 'tools/call', 'Mcp-Name', 'greet', ...fields),
        body: call({ ...modern, arguments: { where: { region: 'Zürich' } } }),
      },
      'HEADER_MISMATCH',
    ],
  ),
  [
    'a header for an argument that is not there',
    { rawHeaders: modernHeaders('Mcp-Method', 'tools/call', 'Mcp-Name', 'greet', 'Mcp-Param-Region', 'Bern'), body: call(modern) },
    'HEADER_MISMATCH',
  ],
  [
    'a request of the modern era that does not say what its client can',
    {
      rawHeaders: modernHeaders('Mcp-Method', 'tools/call', 'Mcp-Name', 'greet'),
      body: call({ _meta: { 'io.modelcontextprotocol/protocolVersion': '2026-07-28' } }),
    },
    'META_MISSING',
  ],
  [
    'a lying header in the legacy era (checklist 12)',
    { rawHeaders: [...json, 'Mcp-Name', 'safe', 'Mcp-Method', 'tools/call'], body: call({}) },
    'HEADER_MISMATCH',
  ],
  ['a version that is none', { rawHeaders: [...json, 'MCP-Protocol-Version', 'latest'], body: call({}) }, 'BAD_REQUEST'],
  ['a batch with a modern element (checklist 40)', { body: [call({}), call(modern)] }, 'BAD_REQUEST'],
])('%s', async (_, wish, expected) => {
  expect(await judged(wish)).toBe(expected);
});

test('a refusal is noted as a decision, and nothing goes on', async () => {
  const next = answering();
  const exchange = anExchange({ body: '[]' });
  await validate({ catalogue }).handle(exchange, next);
  expect([exchange.guard.decisions, next.seen]).toEqual([
    [{ stage: 'validate', kind: 'refused', reason: 'The body is no JSON-RPC message.' }],
    [],
  ]);
});
