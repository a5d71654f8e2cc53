/**
 * Custom protocols. Chromium knows no scheme of ours, so `shadowcat://app/x` is shown as
 * `http://app.shadowcat.localhost/x`; requests for it never reach the network but the handler of the scheme.
 */
import type { Session } from './cdp.ts';

type Handler = (request: Request) => Response | Promise<Response>;

const handlers = new Map<string, Handler>();

export const protocol = {
  registerSchemesAsPrivileged(): void {},
  handle(scheme: string, handler: Handler): void {
    handlers.set(scheme, handler);
  },
  unhandle(scheme: string): void {
    handlers.delete(scheme);
  },
  isProtocolHandled: (scheme: string): boolean => handlers.has(scheme),
};

/** The address Chromium gets for one of the application's. */
export function toChromium(url: string): string {
  const found = /^([a-z][a-z0-9+.-]*):\/\/([^/?#]*)(.*)$/.exec(url);
  return found?.[1] !== undefined && handlers.has(found[1]) ? `http://${found[2]}.${found[1]}.localhost${found[3] || '/'}` : url;
}

/** The application's address for one of Chromium's. */
export function fromChromium(url: string): string {
  const found = /^http:\/\/([^/?#]+)\.([a-z0-9+-]+)\.localhost(.*)$/.exec(url);
  return found?.[2] !== undefined && handlers.has(found[2]) ? `${found[2]}://${found[1]}${found[3]}` : url;
}

/** True for requests a handler of the application answers. */
export const isHandled = (url: string): boolean => fromChromium(url) !== url;

export interface PausedRequest {
  readonly requestId: string;
  readonly resourceType: string;
  readonly frameId: string;
  readonly request: { readonly url: string; readonly method: string; readonly headers: Record<string, string>; readonly postData?: string };
}

/** Answers a paused request with what the application's handler returns. */
export async function answerByHandler(page: Session, { requestId, request }: PausedRequest): Promise<void> {
  const url = fromChromium(request.url);
  const handler = handlers.get(new URL(url).protocol.slice(0, -1));
  if (handler === undefined) throw new Error(`No handler for ${url}`);
  const init = { method: request.method, headers: request.headers, ...(request.postData === undefined ? {} : { body: request.postData }) };
  const response = await handler(new Request(url, init));
  await page.send('Fetch.fulfillRequest', {
    requestId,
    responseCode: response.status,
    responseHeaders: [...response.headers].map(([name, value]) => ({ name, value })),
    body: Buffer.from(await response.arrayBuffer()).toString('base64'),
  });
}
