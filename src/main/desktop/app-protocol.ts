/** Serves the built window under `shadowcat://app`, so that it has an origin of its own and no port is open for it. */
import { readFile } from 'node:fs/promises';
import { extname, join, normalize, sep } from 'node:path';
import { protocol } from 'electron';

export const appScheme = 'shadowcat';
export const appOrigin = `${appScheme}://app`;

// Nothing is loaded from elsewhere and nothing inline runs. Components style by the CSSOM, which this permits.
const contentSecurityPolicy = [
  "default-src 'none'",
  "script-src 'self'",
  "style-src 'self'",
  "img-src 'self' data: blob:",
  "font-src 'self'",
  "connect-src 'self'",
  "base-uri 'none'",
  "form-action 'none'",
  "frame-ancestors 'none'",
].join('; ');

const contentTypes: Readonly<Record<string, string>> = {
  '.html': 'text/html; charset=utf-8',
  '.js': 'text/javascript; charset=utf-8',
  '.css': 'text/css; charset=utf-8',
  '.svg': 'image/svg+xml',
  '.png': 'image/png',
  '.woff2': 'font/woff2',
  '.json': 'application/json',
};

/** Must run before the app is ready: only then can a scheme get an origin and module scripts. */
export function claimAppScheme(): void {
  protocol.registerSchemesAsPrivileged([{ scheme: appScheme, privileges: { standard: true, secure: true, supportFetchAPI: true } }]);
}

export function serveAppScheme(rendererDir: string): void {
  protocol.handle(appScheme, request => answer(rendererDir, request));
}

async function answer(rendererDir: string, request: Request): Promise<Response> {
  const { host, pathname } = new URL(request.url);
  const path = fileFor(rendererDir, pathname);
  if (host !== 'app' || request.method !== 'GET' || path === undefined) return new Response('Not found', { status: 404 });
  try {
    return new Response(await readFile(path), {
      headers: {
        'content-type': contentTypes[extname(path)] ?? 'application/octet-stream',
        'content-security-policy': contentSecurityPolicy,
        'x-content-type-options': 'nosniff',
        'referrer-policy': 'no-referrer',
      },
    });
  } catch {
    return new Response('Not found', { status: 404 });
  }
}

/** The file a path names, or undefined when it leaves the folder. */
function fileFor(rendererDir: string, pathname: string): string | undefined {
  let name: string;
  try {
    name = decodeURIComponent(pathname);
  } catch {
    return undefined;
  }
  const path = normalize(join(rendererDir, name === '/' ? 'index.html' : name));
  return path.startsWith(rendererDir + sep) && !path.includes('\0') ? path : undefined;
}
