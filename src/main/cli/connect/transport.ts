/** How a line reaches the server and what comes back to the client. */
import type { ClientLine } from './client-line.ts';
import type { HttpClient } from './http-client.ts';
import type { LineOutput } from './line-output.ts';
import type { Waiting } from './waiting.ts';

export interface Transport {
  /** Hands a line over. Resolves when its answer is complete, or when it was accepted and has none; never rejects. */
  send(line: ClientLine): Promise<void>;
  /** Ends everything; `isKind` first tells the server that the session is over. */
  close(isKind: boolean): Promise<void>;
}

export interface TransportDeps {
  readonly url: URL;
  readonly http: HttpClient;
  readonly waiting: Waiting;
  readonly output: LineOutput;
}
