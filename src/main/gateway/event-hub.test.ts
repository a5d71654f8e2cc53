/** Who hears when, and that nobody keeps others from hearing. */
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { anExchangeEvent } from '../../../test/kit/gateway-events.ts';
import type { GatewayEvent } from '../../shared/model/gateway-event.ts';
import { silentLogger } from '../ports.ts';
import { eventHub } from './event-hub.ts';

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

const opened: GatewayEvent = { type: 'lifecycle', at: 1, what: 'draining', reason: 'a test' };
const call = (target: string) => anExchangeEvent({ target });
const nameOf = (event: GatewayEvent) => (event.type === 'exchange' ? (event.target ?? '') : event.type);

function open(log = silentLogger) {
  const hub = eventHub(log);
  const heard: string[] = [];
  hub.observe('at once', event => heard.push(`at once ${nameOf(event)}`));
  hub.observeLater('one', event => heard.push(`one ${nameOf(event)}`));
  hub.observeLater('two', event => heard.push(`two ${nameOf(event)}`));
  return { hub, heard };
}

test('exchanges are told a few milliseconds later, an observer at a time, each in order', () => {
  const { hub, heard } = open();
  hub.emit(call('a'));
  hub.emit(call('b'));
  expect(heard).toEqual(['at once a', 'at once b']);
  vi.advanceTimersByTime(10);
  expect(heard.slice(2)).toEqual(['one a', 'one b', 'two a', 'two b']);
  vi.advanceTimersByTime(1000);
  expect(heard).toHaveLength(6);
});

test('a change of state is told at once, behind the exchanges before it', () => {
  const { hub, heard } = open();
  hub.emit(call('a'));
  hub.emit(opened);
  expect(heard).toEqual(['at once a', 'at once lifecycle', 'one a', 'one lifecycle', 'two a', 'two lifecycle']);
});

test('whoever is about to read has told what waits, once', () => {
  const { hub, heard } = open();
  hub.emit(call('a'));
  hub.settle();
  hub.settle();
  vi.advanceTimersByTime(1000);
  expect(heard).toEqual(['at once a', 'one a', 'two a']);
});

test('no more than 200 wait', () => {
  const { hub, heard } = open();
  for (let count = 0; count < 199; count += 1) hub.emit(call('x'));
  expect(heard).toHaveLength(199);
  hub.emit(call('x'));
  expect(heard).toHaveLength(600);
});

test('an observer that throws is logged, and all others hear all', () => {
  const warned: string[] = [];
  const { hub, heard } = open({ ...silentLogger, warn: (_, facts) => void warned.push(String(facts?.['observer'])) });
  hub.observe('bad', () => {
    throw new Error('broken');
  });
  hub.observeLater('worse', () => {
    throw new Error('broken');
  });
  hub.emit(call('a'));
  hub.settle();
  expect(warned).toEqual(['bad', 'worse']);
  expect(heard).toEqual(['at once a', 'one a', 'two a']);
});
