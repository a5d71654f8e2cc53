/** The reference in Node: what anybody would write first, `http.request` through `http.Agent`, both bodies piped. */
import { Agent, createServer, type IncomingHttpHeaders, request as httpRequest } from 'node:http';
import { announce } from './announce.ts';

const upstream = new URL(process.argv[2] ?? '');
const agent = new Agent({ keepAlive: true, maxSockets: Infinity });

announce(
  createServer((request, response) => {
    const onward = httpRequest(
      {
        host: upstream.hostname,
        port: upstream.port,
        path: request.url,
        method: request.method,
        headers: { ...endToEnd(request.headers), host: upstream.host },
        agent,
      },
      answer => {
        response.writeHead(answer.statusCode ?? 502, endToEnd(answer.headers));
        response.flushHeaders();
        answer.pipe(response);
      },
    );
    onward.on('error', () => response.destroy());
    response.on('close', () => onward.destroy());
    request.pipe(onward);
  }),
);

function endToEnd(headers: IncomingHttpHeaders): IncomingHttpHeaders {
  const kept = { ...headers };
  for (const name of ['connection', 'keep-alive', 'transfer-encoding']) delete kept[name];
  return kept;
}
