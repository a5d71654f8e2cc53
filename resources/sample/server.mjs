/**
 * The sample server over stdio, revision 2025-11-25: a real MCP server that Shadowcat wraps like any other. It also
 * does what real servers do wrong, on purpose: it prints a line to stdout that is no message.
 */
import { createInterface } from 'node:readline';
import { callTool, ProtocolError, read, serverInfo } from './harbour.mjs';

const revision = '2025-11-25';
/** Requests of the client that still run, by id, so that a cancellation finds them. */
const running = new Map();
/** Our own questions to the client, by id. */
const questions = new Map();
const subscriptions = new Set();
let lastQuestion = 0;

const send = message => process.stdout.write(`${JSON.stringify({ jsonrpc: '2.0', ...message })}\n`);
const notify = (method, params) => send({ method, params });

process.stderr.write('harbour-office: reading the log book …\n');

createInterface({ input: process.stdin })
  .on('line', line => void receive(line))
  .on('close', () => {
    process.stderr.write('harbour-office: closed for today\n');
    process.exit(0);
  });

async function receive(line) {
  let message;
  try {
    message = JSON.parse(line);
  } catch {
    return send({ id: null, error: { code: -32700, message: 'That is no JSON.' } });
  }
  if (message.method === undefined) return questions.get(message.id)?.(message.result);
  if (message.id === undefined) return hear(message);
  const cancel = new AbortController();
  running.set(message.id, cancel);
  try {
    const result = await answer(message, cancel.signal);
    if (!cancel.signal.aborted) send({ id: message.id, result });
  } catch (error) {
    // A cancelled request gets no answer.
    if (!cancel.signal.aborted) send({ id: message.id, error: asError(error) });
  } finally {
    running.delete(message.id);
  }
}

function asError(error) {
  if (error instanceof ProtocolError) return { code: error.code, message: error.message, ...(error.data && { data: error.data }) };
  process.stderr.write(`harbour-office: ${error.stack}\n`);
  return { code: -32603, message: 'Internal error' };
}

function hear({ method, params }) {
  if (method === 'notifications/cancelled') running.get(params.requestId)?.abort();
  if (method === 'notifications/initialized') {
    // The classic mistake: a greeting printed where only messages may go.
    process.stdout.write('Harbour office is open!\n');
    notify('notifications/message', { level: 'info', logger: 'office', data: 'Good morning' });
  }
}

async function answer({ method, params = {} }, signal) {
  switch (method) {
    case 'initialize':
      return {
        protocolVersion: revision,
        capabilities: { tools: { listChanged: true }, resources: { subscribe: true }, prompts: {}, logging: {} },
        serverInfo,
        instructions: 'Ask for tides before you open a gate.',
      };
    case 'ping':
    case 'logging/setLevel':
      return {};
    case 'resources/subscribe':
      subscriptions.add(params.uri);
      setTimeout(() => notify('notifications/resources/updated', { uri: params.uri }), 150);
      return {};
    case 'resources/unsubscribe':
      subscriptions.delete(params.uri);
      return {};
    case 'tools/call':
      return callTool(params.name, params.arguments ?? {}, {
        progress: (progress, total, message) => {
          const progressToken = params._meta?.progressToken;
          if (progressToken !== undefined) notify('notifications/progress', { progressToken, progress, total, message });
        },
        note: data => {
          process.stderr.write(`harbour-office: ${data}\n`);
          notify('notifications/message', { level: 'notice', logger: 'crane', data });
        },
        choose,
        signal,
      });
    default: {
      const result = read(method, params);
      if (result === undefined) throw new ProtocolError(-32601, `Method not found: ${method}`);
      return result;
    }
  }
}

/** Asks the person at the client. */
async function choose(message, options) {
  const id = `question-${(lastQuestion += 1)}`;
  const requestedSchema = { type: 'object', properties: { berth: { type: 'string', enum: options } }, required: ['berth'] };
  send({ id, method: 'elicitation/create', params: { message, requestedSchema } });
  const result = await new Promise(resolve => questions.set(id, resolve));
  questions.delete(id);
  return result?.action === 'accept' ? result.content.berth : undefined;
}
