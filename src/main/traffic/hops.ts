/** HTTP requests whose answers are not over yet: what each one carried, and which row shows the frames that carry no message. */
import type { HttpHead } from '../../shared/model/frame.ts';
import type { OpenExchange } from './exchanges.ts';
import type { ExchangeRecord } from './records.ts';
import type { Sighting } from './sighting.ts';

/** How an HTTP request and its answer ended. */
export type HopEnd = 'complete' | 'client-left' | 'upstream-died' | 'failed';

export interface Hop {
  /** The JSON-RPC requests of its body; all of them wait for answers here. */
  readonly requests: OpenExchange[];
  /** The row that frames without a message of their own fold into: the first thing that the request carried. */
  row: ExchangeRecord;
  readonly startedUs: number;
  /** 0 until the answer began. */
  status: number;
  isEventStream: boolean;
}

/** The open hops of a session. Each ends with its connection, so their number is that of the client's open requests. */
export class Hops {
  readonly #open = new Map<string, Hop>();

  get count(): number {
    return this.#open.size;
  }

  get(hopId: string | undefined): Hop | undefined {
    return hopId === undefined ? undefined : this.#open.get(hopId);
  }

  /** Takes a hop out: it is over. */
  take(hopId: string): Hop | undefined {
    const hop = this.#open.get(hopId);
    if (hop !== undefined) this.#open.delete(hopId);
    return hop;
  }

  /** Notes what an HTTP request carried; sightings of anything else are left alone. */
  attach({ hopId, http, monotonicUs }: Sighting, row: ExchangeRecord, request?: OpenExchange): void {
    if (hopId === undefined || http?.method === undefined) return;
    const hop = this.#open.get(hopId);
    if (hop === undefined)
      this.#open.set(hopId, {
        requests: request === undefined ? [] : [request],
        row,
        startedUs: monotonicUs,
        status: 0,
        isEventStream: false,
      });
    else if (request !== undefined) hop.requests.push(request);
  }

  /** Requests of all open hops; also those whose id a later request has taken over. */
  requests(): OpenExchange[] {
    return [...this.#open.values()].flatMap(hop => hop.requests);
  }
}

/** Notes the head of the answer, where the sighting has one. */
export function learnAnswerHead(hop: Hop, http: HttpHead | undefined): void {
  if (http?.status === undefined) return;
  hop.status = http.status;
  hop.isEventStream = http.headers.some(
    ([name, value]) => name.toLowerCase() === 'content-type' && value.toLowerCase().startsWith('text/event-stream'),
  );
}
