/** A wire of the contract as the suite drives it: the bridge that windows use, checked against the schemas on every message. */
import assert from 'node:assert/strict';
import { calls, type CallInput, type CallName, type CallOutput } from '../../src/shared/contract/calls.ts';
import { topics, type TopicMessage, type TopicName, type TopicParams } from '../../src/shared/contract/topics.ts';
import type { Bridge, ClientMessage, HostMessage } from '../../src/shared/contract/wire.ts';

/** One connection, as a wire offers it. */
export interface Connection extends Bridge {
  close(): Promise<void>;
  /** Stops and resumes taking messages, where the wire can be made to. */
  readonly flow?: { pause(): void; resume(): void };
}

/** A running host, reached over the wire under test. */
export interface Subject {
  /** As a window. */
  connect(): Promise<Connection>;
  /** As the command line; absent on wires that only windows use. */
  connectAdministrator?(): Promise<Connection>;
  /** Resolves when the host was asked to stop. */
  readonly stopRequested?: Promise<void>;
  /** An MCP server over HTTP that answers `tools/list` and `tools/call` (revision 2026-07-28). */
  readonly upstreamUrl: string;
}

/** Calls by name that were answered with `ok` so far, over all connections of a run. */
export const answeredCalls = new Set<string>();

const answerMs = 15_000;

/** A connection for the length of a case. */
export async function withClient(subject: Subject, work: (client: Client) => Promise<void>): Promise<void> {
  const connection = await subject.connect();
  try {
    await work(new Client(connection));
  } finally {
    await connection.close();
  }
}

/** Typed calls that fail the test when the host says no, or answers outside its schema. */
export class Client {
  readonly connection: Connection;

  constructor(connection: Connection) {
    this.connection = connection;
  }

  async call<N extends CallName>(name: N, input: CallInput<N>): Promise<CallOutput<N>> {
    const reply = await within(this.connection.call(name, input), name);
    assert.ok(reply.ok, `${name}: ${reply.ok ? '' : `${reply.code} ${reply.message}`}`);
    const parsed = calls[name].output.safeParse(reply.value);
    assert.ok(parsed.success, `${name} answered outside its schema: ${parsed.error?.message ?? ''}`);
    answeredCalls.add(name);
    return reply.value as CallOutput<N>;
  }

  /** The code of a refusal; the call must be refused. */
  async refusal(name: string, input: unknown): Promise<string> {
    const reply = await within(this.connection.call(name, input), name);
    assert.ok(!reply.ok, `${name} should have been refused: ${JSON.stringify(input)}`);
    assert.ok(reply.message.length > 0, `${name} was refused without a reason`);
    return reply.code;
  }

  follow<N extends TopicName>(topic: N, params: TopicParams<N>): Following<TopicMessage<N>> {
    return new Following(this.connection, topic, params);
  }
}

/** What a subscription brought so far. Fails on a gap in the numbers and on a message outside the schema. */
export class Following<M> {
  readonly messages: M[] = [];
  closedWith: string | undefined;
  problem: string | undefined;
  readonly stop: () => void;

  constructor(connection: Connection, topic: string, params: unknown) {
    this.stop = connection.subscribe(
      topic,
      params,
      (seq, message) => {
        if (seq !== this.messages.length + 1) this.problem ??= `${topic}: message ${seq} came after ${this.messages.length}`;
        const parsed = topics[topic as TopicName].message.safeParse(message);
        if (!parsed.success) this.problem ??= `${topic}: ${parsed.error.message}`;
        this.messages.push(message as M);
      },
      code => {
        this.closedWith = code;
      },
    );
  }

  get latest(): M | undefined {
    return this.messages.at(-1);
  }

  /** Waits until the condition holds for what came so far. */
  async until(what: string, holds: (latest: M) => boolean): Promise<M> {
    await eventually(what, () => {
      assert.equal(this.problem, undefined);
      assert.equal(this.closedWith, undefined, `${what}: the topic was closed`);
      return this.latest !== undefined && holds(this.latest);
    });
    return this.latest as M;
  }
}

/** Asks again and again until it holds. */
export async function eventually(what: string, holds: () => boolean | Promise<boolean>): Promise<void> {
  const deadline = Date.now() + answerMs;
  while (!(await holds())) {
    assert.ok(Date.now() < deadline, `never came to be: ${what}`);
    await new Promise(resolve => setTimeout(resolve, 20));
  }
}

async function within<T>(answer: Promise<T>, what: string): Promise<T> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new Error(`${what} was not answered within ${answerMs} ms`)), answerMs);
  });
  try {
    return await Promise.race([answer, late]);
  } finally {
    clearTimeout(timer);
  }
}

/** Makes a bridge of a wire that only carries messages. */
export function bridgeOver(post: (message: ClientMessage) => void): Bridge & { receive(message: HostMessage): void } {
  const pending = new Map<number, (reply: Awaited<ReturnType<Bridge['call']>>) => void>();
  const followers = new Map<
    number,
    { onMessage: (seq: number, message: unknown) => void; onClosed: (code: string, message: string) => void }
  >();
  let lastId = 0;
  return {
    call(name, input) {
      const id = (lastId += 1);
      return new Promise(resolve => {
        pending.set(id, resolve);
        post({ type: 'call', id, name, input });
      });
    },
    subscribe(topic, params, onMessage, onClosed) {
      const id = (lastId += 1);
      followers.set(id, { onMessage, onClosed });
      post({ type: 'subscribe', id, topic, params });
      return () => {
        if (followers.delete(id)) post({ type: 'unsubscribe', id });
      };
    },
    receive(message) {
      switch (message.type) {
        case 'reply':
          pending.get(message.id)?.(message.reply);
          pending.delete(message.id);
          return;
        case 'message':
          followers.get(message.id)?.onMessage(message.seq, message.message);
          return;
        case 'closed':
          followers.get(message.id)?.onClosed(message.code, message.message);
          followers.delete(message.id);
      }
    },
  };
}
