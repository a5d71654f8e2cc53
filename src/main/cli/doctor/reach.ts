/** Whether an address answers, or could be listened on. */
import { once } from 'node:events';
import { connect, createServer } from 'node:net';

const DEADLINE_MS = 1000;

/** Why nobody answers at the address of a URL, in a word; undefined where somebody does. */
export async function whyUnreachable(url: string): Promise<string | undefined> {
  const { hostname, port, protocol } = new URL(url);
  const host = hostname.replace(/^\[|\]$/g, '');
  const socket = connect({
    // An address that means all of them is none to dial.
    host: host === '0.0.0.0' ? '127.0.0.1' : host === '::' ? '::1' : host,
    port: port === '' ? (protocol === 'https:' ? 443 : 80) : Number(port),
  });
  try {
    await once(socket, 'connect', { signal: AbortSignal.timeout(DEADLINE_MS) });
    return undefined;
  } catch (error) {
    return wordOf(error);
  } finally {
    socket.destroy();
  }
}

/** Why a listener could not be opened there; undefined where it could. */
export async function whyNotBound(host: string, port: number): Promise<string | undefined> {
  const server = createServer();
  server.listen({ host, port, exclusive: true });
  try {
    await once(server, 'listening');
    await new Promise(resolve => server.close(resolve));
    return undefined;
  } catch (error) {
    return wordOf(error);
  }
}

function wordOf(error: unknown): string {
  const { code, name } = error as NodeJS.ErrnoException;
  return name === 'AbortError' ? `no answer within ${DEADLINE_MS} ms` : (code ?? String(error));
}
