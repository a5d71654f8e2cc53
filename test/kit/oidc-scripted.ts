/** HTTP servers on loopback that answer by script, and a browser without a window: what a sign-in meets besides a real provider. */
import { createServer, type IncomingHttpHeaders } from 'node:http';
import type { AddressInfo } from 'node:net';

export interface ScriptedRequest {
  readonly method: string;
  /** Path and query. */
  readonly path: string;
  readonly headers: IncomingHttpHeaders;
  readonly body: string;
  readonly form: URLSearchParams;
}

export interface ScriptedAnswer {
  readonly status?: number;
  readonly headers?: Readonly<Record<string, string>>;
  readonly json?: unknown;
}

export interface ScriptedServer extends AsyncDisposable {
  readonly origin: string;
  readonly requests: ScriptedRequest[];
  /** By path without its query; whatever is not there is answered 404. May be changed at any time. */
  readonly routes: Record<string, (request: ScriptedRequest) => ScriptedAnswer>;
}

export async function scriptedServer(routesOf: (origin: string) => ScriptedServer['routes'] = () => ({})): Promise<ScriptedServer> {
  const requests: ScriptedRequest[] = [];
  let routes: ScriptedServer['routes'] = {};
  const server = createServer((incoming, response) => {
    let body = '';
    incoming.on('data', chunk => (body += String(chunk)));
    incoming.on('end', () => {
      const { method = '', url: path = '', headers } = incoming;
      const request = { method, path, headers, body, form: new URLSearchParams(body) };
      requests.push(request);
      const answer = routes[path.split('?', 1)[0] ?? '']?.(request) ?? { status: 404 };
      response.writeHead(answer.status ?? 200, { 'content-type': 'application/json', ...answer.headers });
      response.end(answer.json === undefined ? '' : JSON.stringify(answer.json));
    });
  });
  await new Promise<void>(resolve => {
    server.listen(0, '127.0.0.1', resolve);
  });
  const origin = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  routes = routesOf(origin);
  return {
    origin,
    requests,
    routes,
    async [Symbol.asyncDispose]() {
      server.closeAllConnections();
      await new Promise(resolve => {
        server.close(resolve);
      });
    },
  };
}

/** An MCP server that wants a token of `issuer`, and keeps what it was sent. */
export function protectedServer(
  issuer: string,
  more: { readonly scopes?: readonly string[]; readonly metadata?: object } = {},
): Promise<ScriptedServer> {
  return scriptedServer(origin => ({
    '/mcp': request =>
      request.headers.authorization === undefined
        ? {
            status: 401,
            headers: { 'www-authenticate': `Bearer resource_metadata="${origin}/.well-known/oauth-protected-resource/mcp", scope="mcp"` },
          }
        : { json: { jsonrpc: '2.0', id: 1, result: {} } },
    '/.well-known/oauth-protected-resource/mcp': () => ({
      json: { resource: `${origin}/mcp`, authorization_servers: [issuer], scopes_supported: more.scopes ?? ['mcp'], ...more.metadata },
    }),
  }));
}

/** Follows redirects with cookies, as a browser does, and stops at the page it ends on. */
export async function browse(address: string): Promise<{ readonly url: string; readonly status: number; readonly text: string }> {
  const cookies = new Map<string, string>();
  let url = address;
  for (let hops = 0; hops < 15; hops += 1) {
    const response = await fetch(url, {
      redirect: 'manual',
      headers: { cookie: [...cookies].map(([name, value]) => `${name}=${value}`).join('; ') },
    });
    for (const cookie of response.headers.getSetCookie()) {
      const [, name = '', value = ''] = /^([^=]+)=([^;]*)/.exec(cookie) ?? [];
      cookies.set(name, value);
    }
    const location = response.headers.get('location');
    if (location === null) return { url, status: response.status, text: await response.text() };
    url = new URL(location, url).href;
  }
  throw new Error('The browser was sent around in circles.');
}
