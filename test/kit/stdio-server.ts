/**
 * A stdio server for tests that does what its client asks: `{"id":1,"method":"echo","params":{…}}`. Flags make it
 * misbehave: --ignore-sigterm, --ignore-eof, --exit-code N (at the end of stdin); --log FILE writes down what it receives.
 */
import { spawn } from 'node:child_process';
import { appendFileSync, writeSync } from 'node:fs';

interface Request {
  readonly id?: string | number;
  readonly method: string;
  readonly params?: Record<string, unknown>;
}

const flags = process.argv.slice(2);
const exitCode = flags.includes('--exit-code') ? Number(flags[flags.indexOf('--exit-code') + 1]) : 0;
if (flags.includes('--ignore-sigterm')) process.on('SIGTERM', () => undefined);
const logFile = flags.includes('--log') ? flags[flags.indexOf('--log') + 1] : undefined;
const idle = flags.includes('--ignore-eof') ? setInterval(() => undefined, 1_000) : undefined;

let rest = '';
process.stdin.setEncoding('utf8');
process.stdin.on('data', (text: string) => {
  const lines = (rest + text).split('\n');
  rest = lines.pop() ?? '';
  if (logFile !== undefined) appendFileSync(logFile, lines.map(line => `${line}\n`).join(''));
  for (const line of lines) if (line.trim() !== '') answer(JSON.parse(line) as Request | Request[]);
});
process.stdin.on('end', () => {
  if (idle === undefined) process.exit(exitCode);
});

function answer(request: Request | Request[]): void {
  if (Array.isArray(request)) return answerBatch(request);
  const { id, method, params = {} } = request;
  if (id === undefined) return;
  if (method === 'later') {
    setTimeout(() => answer({ id, method: 'echo', params }), Number(params['ms']));
    return;
  }
  if (method === 'stray-later') {
    setTimeout(() => act('stray', params), Number(params['ms']));
    return answer({ id, method: 'echo' });
  }
  const result = act(method, params);
  if (result !== undefined) process.stdout.write(`${JSON.stringify({ jsonrpc: '2.0', id, result })}\n`);
}

/** By one line, or, where its first request says so, by one for each. */
function answerBatch(requests: readonly Request[]): void {
  if (requests[0]?.params?.['isSplit'] === true) {
    for (const one of requests) answer(one);
    return;
  }
  const answers = requests.flatMap(({ id, method, params = {} }) =>
    id === undefined ? [] : [{ jsonrpc: '2.0', id, result: act(method, params) }],
  );
  process.stdout.write(`${JSON.stringify(answers)}\n`);
}

function act(method: string, params: Record<string, unknown>): unknown {
  switch (method) {
    case 'big':
      return { text: 'x'.repeat(Number(params['bytes'])) };
    case 'stderr':
      writeSync(2, String(params['text']));
      return {};
    case 'stray':
      process.stdout.write(`${String(params['text'])}\n`);
      return {};
    case 'exit':
      process.exit(Number(params['code']));
    // eslint-disable-next-line no-fallthrough -- process.exit does not return
    case 'die':
      process.kill(process.pid, String(params['signal']));
      return undefined;
    case 'grandchild':
      return { pid: spawn(process.execPath, ['-e', 'process.on("SIGHUP",()=>{});setInterval(()=>{},1000)'], { stdio: 'ignore' }).pid };
    case 'pid':
      return { pid: process.pid };
    case 'silent':
      return undefined;
    case 'server/discover':
      return { supportedVersions: ['2026-07-28'], capabilities: {}, serverInfo: { name: 'scripted', version: '1.0.0' } };
    case 'initialize':
      return { protocolVersion: '2025-11-25', capabilities: {}, serverInfo: { name: 'scripted', version: '1.0.0' } };
    default:
      return { method, ...params };
  }
}
