/** The product's HTTP path in this process: listener, stages, upstream; what it recorded is kept in memory. */
import type { Exchange } from '../../src/main/pipeline/stage.ts';
import { openHttpListener } from '../../src/main/listeners/http-listener.ts';
import { compose } from '../../src/main/pipeline/compose.ts';
import { type Logger, randomIds, silentLogger, systemClock } from '../../src/main/ports.ts';
import { stagesInOrder } from '../../src/main/stages/order.ts';
import { Conversations } from '../../src/main/traffic/conversations.ts';
import type { ExchangeRecord, FrameRecord, RecordSink, SessionRecord } from '../../src/main/traffic/records.ts';
import { httpUpstream } from '../../src/main/upstreams/http-upstream.ts';

/** Keeps records the way a store would: later ones of the same key replace earlier ones. */
export class MemorySink implements RecordSink {
  readonly frames: FrameRecord[] = [];
  readonly #exchanges = new Map<string, ExchangeRecord>();
  readonly #sessions = new Map<string, SessionRecord>();

  session(record: SessionRecord): void {
    this.#sessions.set(record.id, record);
  }
  frame(record: FrameRecord): void {
    this.frames.push(record);
  }
  exchange(record: ExchangeRecord): void {
    this.#exchanges.set(record.exchangeId, record);
  }

  get exchanges(): ExchangeRecord[] {
    return [...this.#exchanges.values()];
  }
  get sessions(): SessionRecord[] {
    return [...this.#sessions.values()];
  }
}

export interface RelayOptions {
  readonly sink?: RecordSink;
  readonly pressure?: () => Promise<void> | undefined;
  readonly log?: Logger;
  readonly connectTimeoutMs?: number;
  readonly ca?: string;
  readonly name?: string;
  /** Seen just before the stages. */
  readonly onExchange?: (exchange: Exchange) => void;
}

export interface Relay extends AsyncDisposable {
  readonly url: string;
  readonly port: number;
  readonly record: MemorySink;
  readonly conversations: Conversations;
  /** Waits until the record satisfies `read`; fails when it never does. */
  until<T>(read: (record: MemorySink) => T | undefined | false): Promise<T>;
  close(graceMs: number): Promise<void>;
}

/** Opens a proxy of `upstreamUrl` on a free port. */
export async function startRelay(upstreamUrl: string, options: RelayOptions = {}): Promise<Relay> {
  const record = new MemorySink();
  const clock = systemClock;
  const log = options.log ?? silentLogger;
  const conversations = new Conversations({ sink: options.sink ?? record, clock, ids: randomIds });
  const { connectTimeoutMs, ca } = options;
  const url = new URL(upstreamUrl);
  const upstream = httpUpstream({
    url,
    clock,
    log,
    ...(connectTimeoutMs === undefined ? {} : { connectTimeoutMs }),
    ...(ca === undefined ? {} : { ca }),
  });
  const stages = compose(stagesInOrder({ clock, log, pressure: options.pressure ?? (() => undefined) }));
  const listener = await openHttpListener({
    host: '127.0.0.1',
    port: 0,
    name: options.name ?? '',
    upstream,
    upstreamUrl: url,
    pipeline: exchange => {
      options.onExchange?.(exchange);
      return stages(exchange);
    },
    conversations,
    clock,
    ids: randomIds,
    log,
  });
  const close = async (graceMs: number): Promise<void> => {
    await listener.close({ graceMs });
    await upstream.close();
  };
  return {
    url: listener.url,
    port: listener.port,
    record,
    conversations,
    async until(read) {
      const deadline = performance.now() + 20_000;
      for (;;) {
        const found = read(record);
        if (found !== undefined && found !== false) return found;
        if (performance.now() > deadline) throw new Error(`Never recorded. Frames: ${describe(record)}`);
        await new Promise(resolve => setTimeout(resolve, 2));
      }
    },
    close,
    [Symbol.asyncDispose]: () => close(0),
  };
}

function describe(record: MemorySink): string {
  return record.frames
    .map(
      frame =>
        `${frame.seq} ${frame.direction} ${frame.delivery} ${frame.kind} ${frame.method ?? ''} ${frame.sizeBytes} [${frame.flags.join()}]`,
    )
    .join('; ');
}
