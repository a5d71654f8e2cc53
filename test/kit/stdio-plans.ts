/**
 * What a host of the tests enforces on wrapped sessions, by the method of each line. `STDIO_PLAN` says how it begins; the test
 * changes it over the process channel and hears there what the stages see.
 */
import { Buffer } from 'node:buffer';
import type { Guard } from '../../src/main/pipeline/guard.ts';
import { anonymous } from '../../src/main/pipeline/guard.ts';
import type { Answer, BodySink, BodySource, Exchange, Verdict } from '../../src/main/pipeline/stage.ts';
import type { ServerLine, ServerRuling, StdioPlan, StdioPlans } from '../../src/main/pipeline/stdio-plan.ts';
import { WatchedBody } from '../../src/main/pipeline/watched-body.ts';
import { readSighting } from '../../src/main/traffic/sighting.ts';

/** `open` and `closed`: active, and what a session does when the host is lost; `…-server`: what servers ask is judged as well. */
export type PlanWord = 'none' | 'open' | 'closed' | 'open-server' | 'closed-server';
export type PlanOrder = { readonly plan: PlanWord } | { readonly release: true };

let word = (process.env['STDIO_PLAN'] ?? 'none') as PlanWord;
const listeners = new Set<() => void>();
let released: (() => void)[] = [];

process.on('message', (order: PlanOrder) => {
  if ('release' in order) {
    for (const go of released) go();
    released = [];
    return;
  }
  word = order.plan;
  for (const listener of listeners) listener();
});
process.channel?.unref();

const say = (text: string): void => void process.send?.(text);

export const plans: StdioPlans = {
  planFor: serverName => ({
    isActive: word !== 'none',
    isClosedOnLoss: word.startsWith('closed'),
    judgesServer: word.endsWith('-server'),
    judgeServer,
    run,
    guardFor: guardFor(serverName),
  }),
  onChanged(listener) {
    listeners.add(listener);
    return () => listeners.delete(listener);
  },
};

function judgeServer({ text = '' }: ServerLine): ServerRuling {
  say('judges the server');
  if (text.includes('"throws"')) throw new Error('planted');
  if (!text.includes('deny')) return { decisions: [] };
  const decision = { stage: 'apply-policy', kind: 'refused', id: 'no-deny', reason: 'it is called so' } as const;
  return { denied: { by: 'no-deny', reason: 'Not here.', correlationId: 'corr-0002' }, decisions: [decision] };
}

function guardFor(serverName: string): StdioPlan['guardFor'] {
  return ({ text, clientName }) => {
    if (text.includes('"throw-in-guard"')) throw new Error('planted');
    const body = { bytes: Buffer.from(text), sizeBytes: text.length, isTruncated: false };
    const reading = readSighting({ direction: 'fromClient', delivery: 'line', at: 0, monotonicUs: 0, body });
    return {
      correlationId: 'corr-0001',
      route: {
        path: '/',
        upstream: serverName,
        refusal: text.includes('"as-result"') ? 'tool-result' : 'in-band',
        listener: 'stdio',
        hasAuth: false,
      } as Guard['route'],
      client: { peerIp: '', ip: '', name: clientName },
      items: reading.kind === 'messages' ? reading.items : [],
      isBatch: reading.kind === 'messages' && reading.isBatch,
      isUnreadable: reading.kind === 'unreadable',
      era: 'legacy',
      principal: anonymous,
      decisions: [],
      answerHeaders: [],
      journey: { tried: [] },
    };
  };
}

async function run(exchange: Exchange): Promise<Verdict> {
  const guard = exchange.guard as Guard;
  const message = guard.items[0]?.message;
  const method = message !== undefined && 'method' in message ? message.method : 'answer';
  const params = (message !== undefined && 'params' in message ? message.params : undefined) as Record<string, unknown> | undefined;
  exchange.departure.listener = () => say(`left ${method}`);
  const send = async (sent = exchange): Promise<Answer> => await sent.route.upstream.send(sent);
  switch (method) {
    case 'deny':
    case 'notifications/deny':
    case 'tools/call':
      guard.decisions.push({ stage: 'apply-policy', kind: 'refused', id: 'no-deny', reason: 'it is called so' });
      return { kind: 'refuse', stage: 'apply-policy', code: 'DENIED', reason: 'Not here.', facts: { policy_id: 'no-deny' } };
    case 'fail':
      throw new Error('planted');
    case 'mock':
      return answerOf(bodyOf(`{"jsonrpc":"2.0",\n"id":${idOf(guard)},\n"result":{"isMock":true}}`));
    case 'rewrite': {
      guard.decisions.push({ stage: 'intercept', kind: 'changed', id: 'r1' });
      const bytes = Buffer.from(`{"jsonrpc":"2.0","id":${idOf(guard)},"method":"echo","params":{"rewritten":true}}`);
      return { kind: 'answer', answer: await send({ ...exchange, request: { ...exchange.request, body: { kind: 'whole', bytes } } }) };
    }
    case 'slow':
      await new Promise(resolve => {
        setTimeout(resolve, Number(params?.['ms']));
      });
      return { kind: 'answer', answer: await send() };
    case 'hold':
      say('holding');
      await new Promise<void>(resolve => released.push(resolve));
      return { kind: 'answer', answer: await send() };
    case 'late-refuse': {
      await send();
      await new Promise(resolve => {
        setTimeout(resolve, 100);
      });
      return { kind: 'refuse', stage: 'rules', code: 'BLOCKED', reason: 'Too late.' };
    }
    case 'tools/list':
    case 'hold-answer':
    case 'gathered': {
      const answer = await send();
      return { kind: 'answer', answer: { ...answer, body: await filtered(answer.body, guard, method) } };
    }
    case 'watched': {
      const answer = await send();
      return { kind: 'answer', answer: { ...answer, body: new WatchedBody(answer.body, { over: how => say(`ended ${how}`) }) } };
    }
    case 'later':
    case 'silent':
    case 'big': {
      const answer = await send();
      return { kind: 'answer', answer: { ...answer, body: new WatchedBody(answer.body, { over: () => undefined }) } };
    }
    default:
      return { kind: 'answer', answer: await send() };
  }
}

function idOf({ items }: Guard): string {
  const message = items[0]?.message;
  return message?.kind === 'request' ? message.idText : 'null';
}

/** Takes out every tool that is called `hidden…`; `hold-answer` waits for the test before it ends, `gathered` reads it before it decides. */
async function filtered(inner: BodySource, guard: Guard, method: string): Promise<BodySource> {
  const chunks: Uint8Array[] = [];
  const change = (sink: BodySink): void => {
    const text = Buffer.concat(chunks).toString('utf8');
    const json = JSON.parse(text) as unknown;
    const shown = JSON.stringify(json, (key, value: unknown) =>
      key === 'tools' && Array.isArray(value) ? value.filter(one => !(one as { name: string }).name.startsWith('hidden')) : value,
    );
    if (shown !== text) guard.decisions.push({ stage: 'apply-policy', kind: 'changed', reason: 'hidden from the list' });
    sink.data(Buffer.from(shown), Buffer.from(text));
    sink.end([]);
  };
  if (method === 'gathered') {
    await new Promise<void>((resolve, reject) =>
      inner.start({ data: chunk => chunks.push(chunk) > 0, end: () => resolve(), fail: reject }),
    );
    return { start: change, resume: () => undefined, abort: () => undefined };
  }
  return {
    start(sink) {
      inner.start({
        data: chunk => chunks.push(chunk) > 0,
        end: () => {
          if (method === 'hold-answer') {
            say('holding answer');
            released.push(() => change(sink));
          } else change(sink);
        },
        fail: error => sink.fail(error),
      });
    },
    resume: () => inner.resume(),
    abort: () => inner.abort(),
  };
}

function bodyOf(text: string): BodySource {
  return {
    start(sink) {
      setTimeout(() => {
        sink.data(Buffer.from(text));
        sink.end([]);
      }, 5);
    },
    resume: () => undefined,
    abort: () => undefined,
  };
}

function answerOf(body: BodySource): Verdict {
  return { kind: 'answer', answer: { status: 200, statusText: 'OK', rawHeaders: ['Content-Type', 'application/json'], body } };
}
