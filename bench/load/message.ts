/** The one exchange that HTTP hops carry: a `tools/call` of a legacy client and its answer of 1 KB. */

const answerBytes = 1_024;

/** Body of every request. */
export const requestBody = JSON.stringify({
  jsonrpc: '2.0',
  id: 1,
  method: 'tools/call',
  params: { name: 'search_files', arguments: { path: '/srv/project', pattern: '*.ts', excludePatterns: ['node_modules', 'dist'] } },
});

/**
 * Fields of every request beside Host and Content-Length. No `Mcp-Session-Id`: all requests carry the same id, because the
 * upstream's answer is fixed, and within one session that would make each of them a duplicate of the one before.
 */
export const requestFields: Readonly<Record<string, string>> = {
  'Content-Type': 'application/json',
  Accept: 'application/json, text/event-stream',
  'MCP-Protocol-Version': '2025-06-18',
};

/** The answer, exactly 1 KB. It holds no single quote and no dollar sign, so that it can stand in an nginx configuration. */
export const answerBody = paddedAnswer();

/** The whole request as it goes over the wire. */
export function requestBytes(url: URL): Buffer {
  const fields = { Host: url.host, ...requestFields, 'Content-Length': String(Buffer.byteLength(requestBody)) };
  const head = Object.entries(fields).map(([name, value]) => `${name}: ${value}\r\n`);
  return Buffer.from(`POST ${url.pathname} HTTP/1.1\r\n${head.join('')}\r\n${requestBody}`);
}

function paddedAnswer(): string {
  const withText = (text: string) => JSON.stringify({ jsonrpc: '2.0', id: 1, result: { content: [{ type: 'text', text }] } });
  const words = '/srv/project/src/main/engine.ts /srv/project/src/shared/model/frame.ts '.repeat(20);
  return withText(words.slice(0, answerBytes - withText('').length));
}
