import { expect, test } from 'vitest';
import { FakeClock } from '../../../../test/kit/fake-clock.ts';
import { TrafficError } from '../../../shared/errors/error-table.ts';
import { Departure } from '../../support/departure.ts';
import { Bulkhead } from './bulkhead.ts';

function setUp(config = { maxConcurrent: 2, maxQueue: 2, queueTimeout: 5000 }) {
  const clock = new FakeClock();
  const bulkhead = new Bulkhead('files', config, clock);
  const log: string[] = [];
  const enter = (name: string, departure = new Departure()) => {
    const turn = bulkhead.enter(departure);
    if (turn === undefined) log.push(`${name} in`);
    else
      turn.then(
        () => log.push(`${name} in`),
        (error: TrafficError) => log.push(`${name} ${error.code}`),
      );
    return departure;
  };
  return { clock, bulkhead, log, enter };
}

const settled = () => new Promise(resolve => setImmediate(resolve));

test('so many run at once, so many wait in the order they came, and the rest is refused with when to come back', async () => {
  const { bulkhead, log, enter } = setUp();
  for (const name of ['a', 'b', 'c', 'd']) enter(name);
  expect(() => bulkhead.enter(new Departure())).toThrow(TrafficError);
  try {
    void bulkhead.enter(new Departure());
  } catch (error) {
    expect(error).toMatchObject({
      code: 'UNAVAILABLE',
      facts: { upstream: 'files', state: 'full', retry_after_ms: 1000, may_have_executed: false },
    });
  }
  expect(bulkhead).toMatchObject({ queuedCount: 2, runningCount: 2, rejectedCount: 2 });
  bulkhead.leave();
  bulkhead.leave();
  await settled();
  expect(log).toEqual(['a in', 'b in', 'c in', 'd in']);
  expect(bulkhead).toMatchObject({ queuedCount: 0, runningCount: 2 });
});

test('who waits too long is refused; a client that leaves is taken out of the line at once', async () => {
  const { bulkhead, log, enter, clock } = setUp({ maxConcurrent: 1, maxQueue: 3, queueTimeout: 5000 });
  enter('a');
  enter('b');
  clock.pass(3000);
  const leaving = enter('c');
  enter('d');
  leaving.happen();
  expect(bulkhead.queuedCount).toBe(2);
  clock.pass(2000);
  bulkhead.sweep();
  bulkhead.leave();
  await settled();
  expect(log).toEqual(['a in', 'c CANCELLED', 'b UNAVAILABLE', 'd in']);
});

test('more room lets those in who wait; less holds for those who come', async () => {
  const { bulkhead, log, enter } = setUp({ maxConcurrent: 1, maxQueue: 3, queueTimeout: 5000 });
  for (const name of ['a', 'b', 'c']) enter(name);
  bulkhead.configure({ maxConcurrent: 3, maxQueue: 3, queueTimeout: 5000 });
  await settled();
  expect(log).toEqual(['a in', 'b in', 'c in']);
  bulkhead.configure({ maxConcurrent: 1, maxQueue: 3, queueTimeout: 5000 });
  enter('d');
  bulkhead.leave();
  bulkhead.leave();
  await settled();
  expect(log).toHaveLength(3);
  bulkhead.leave();
  await settled();
  expect(log.at(-1)).toBe('d in');
});

test('closing refuses everyone in line', async () => {
  const { bulkhead, log, enter } = setUp({ maxConcurrent: 1, maxQueue: 3, queueTimeout: 5000 });
  enter('a');
  enter('b');
  bulkhead.close(new TrafficError('SHUTTING_DOWN', 'Bye.'));
  await settled();
  expect(log).toEqual(['a in', 'b SHUTTING_DOWN']);
});
