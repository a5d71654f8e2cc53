/** Binds a server to loopback: exactly the port a person named, or the first free one from the usual port on. */
import { once } from 'node:events';
import type { Server } from 'node:net';
import { TrafficError } from '../../shared/errors/error-table.ts';

export interface PortWish {
  /** 0 takes any free port. */
  readonly number: number;
  /** Named by a person: another one would not be what they asked for. */
  readonly isFixed: boolean;
  /** Passed over in the search: somebody else is expected there. */
  readonly skipped?: readonly number[];
}

/** So many programs side by side are an accident; the search ends. */
const MAX_ATTEMPTS = 50;

/** Resolves when the server listens on 127.0.0.1. */
export async function listenOn(server: Server, wish: PortWish): Promise<void> {
  const attempts = wish.isFixed || wish.number === 0 ? 1 : MAX_ATTEMPTS;
  for (let port = wish.number; port < wish.number + attempts && port <= 65_535; port += 1) {
    const isPassedOver = !wish.isFixed && wish.skipped?.includes(port) === true;
    if (!isPassedOver && (await tryPort(server, port))) return;
  }
  const which = attempts === 1 ? `Port ${wish.number} is` : `Ports ${wish.number} to ${wish.number + attempts - 1} are`;
  throw new TrafficError('CONFLICT', `${which} taken by another program.`);
}

async function tryPort(server: Server, port: number): Promise<boolean> {
  const listening = once(server, 'listening');
  server.listen({ port, host: '127.0.0.1', exclusive: true });
  try {
    await listening;
    return true;
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === 'EADDRINUSE') return false;
    if (code === 'EACCES')
      throw new TrafficError('NOT_ALLOWED', `Port ${port} needs rights that this user does not have.`, { cause: error });
    throw error;
  }
}
