/**
 * The sample server over Streamable HTTP, revision 2026-07-28: stateless, answers as JSON or, where there is progress
 * to tell, as an event stream. Prints its address as one JSON line and ends when its stdin ends.
 */
import { createServer } from 'node:http';
import { callTool, ProtocolError, read, serverInfo } from './harbour.mjs';

const revision = '2026-07-28';
const metaKey = name => `io.modelcontextprotocol/${name}`;
const maxBodyBytes = 1024 * 1024;

const server = createServer((request, response) => {
  handle(request, response).catch(error => {
    process.stderr.write(`harbour-office: ${error.stack}\n`);
    response.destroy();
  });
});
server.listen(0, '127.0.0.1', () => {
  process.stdout.write(`${JSON.stringify({ url: `http://127.0.0.1:${server.address().port}/mcp` })}\n`);
});
process.stdin.resume().once('end', () => process.exit(0));

async function handle(request, response) {
  if (request.url !== '/mcp') return response.writeHead(404).end();
  if (request.method !== 'POST') return response.writeHead(405, { allow: 'POST' }).end();
  const message = await bodyOf(request);
  if (message === undefined) return fail(response, 400, null, -32700, 'That is no JSON.');
  if (message.id === undefined) return response.writeHead(202).end();
  if (request.headers['mcp-method'] !== message.method) return fail(response, 400, message.id, -32020, 'Mcp-Method differs from the body.');
  const gone = new AbortController();
  response.once('close', () => gone.abort());
  try {
    await answer(message, response, gone.signal);
  } catch (error) {
    if (gone.signal.aborted) return;
    if (!(error instanceof ProtocolError)) throw error;
    fail(response, error.code === -32601 ? 404 : 200, message.id, error.code, error.message, error.data);
  }
}

async function answer(message, response, signal) {
  const { id, method, params = {} } = message;
  if (method === 'server/discover')
    return finish(response, id, {
      supportedVersions: [revision],
      capabilities: { tools: {}, resources: {}, prompts: {} },
      serverInfo,
      ttlMs: 60_000,
      cacheScope: 'public',
    });
  if (method !== 'tools/call') {
    const result = read(method, params);
    if (result === undefined) throw new ProtocolError(-32601, `Method not found: ${method}`);
    return finish(response, id, { ...result, ttlMs: 60_000, cacheScope: 'public' });
  }
  if (params.name === 'book_berth' && params.inputResponses === undefined)
    return finish(response, id, questionFor(params.arguments), 'input_required');
  const result = await callTool(params.name, params.arguments ?? {}, {
    progress: (progress, total, text) => {
      const progressToken = params._meta?.progressToken;
      if (progressToken !== undefined)
        emit(response, { method: 'notifications/progress', params: { progressToken, progress, total, message: text } });
    },
    note: text => process.stderr.write(`harbour-office: ${text}\n`),
    choose: async () => params.inputResponses?.berth?.content?.berth,
    signal,
  });
  return finish(response, id, result);
}

/** The modern way to ask a person: the answer is a question, and the client calls again with what it was told. */
function questionFor({ ship }) {
  const requestedSchema = {
    type: 'object',
    properties: { berth: { type: 'string', enum: ['3 (quiet)', '5 (near the crane)', '9 (deep)'] } },
    required: ['berth'],
  };
  return {
    inputRequests: { berth: { method: 'elicitation/create', params: { message: `Which berth for ${ship}?`, requestedSchema } } },
    requestState: Buffer.from(JSON.stringify({ ship })).toString('base64url'),
  };
}

function finish(response, id, result, resultType = 'complete') {
  const message = { id, result: { resultType, ...result, _meta: { [metaKey('serverInfo')]: serverInfo } } };
  if (response.headersSent) return emit(response, message).end();
  return response.writeHead(200, { 'content-type': 'application/json' }).end(JSON.stringify({ jsonrpc: '2.0', ...message }));
}

function fail(response, status, id, code, message, data) {
  const body = JSON.stringify({ jsonrpc: '2.0', id, error: { code, message, ...(data && { data }) } });
  if (response.headersSent) return response.end(`data: ${body}\n\n`);
  return response.writeHead(status, { 'content-type': 'application/json' }).end(body);
}

function emit(response, message) {
  if (!response.headersSent)
    response.writeHead(200, { 'content-type': 'text/event-stream', 'cache-control': 'no-cache', 'x-accel-buffering': 'no' });
  response.write(`event: message\ndata: ${JSON.stringify({ jsonrpc: '2.0', ...message })}\n\n`);
  return response;
}

async function bodyOf(request) {
  const chunks = [];
  let size = 0;
  for await (const chunk of request) {
    size += chunk.length;
    if (size > maxBodyBytes) return undefined;
    chunks.push(chunk);
  }
  try {
    return JSON.parse(Buffer.concat(chunks).toString('utf8'));
  } catch {
    return undefined;
  }
}
