/** A required record that fails lets nothing pass. */
import { expect, test } from 'vitest';
import { anExchange } from '../../../test/kit/an-exchange.ts';
import { silentLogger, systemClock } from '../ports.ts';
import { forward } from './forward.ts';
import { record } from './record.ts';

test('what has to be recorded and cannot be is refused where it would be sent, until it can be again', async () => {
  let problem: string | undefined = 'There is no room left for the database';
  const sent: string[] = [];
  const upstream = {
    name: 'up',
    send: () => {
      sent.push('sent');
      return Promise.reject(new Error('not of interest'));
    },
    close: () => Promise.resolve(),
  };
  const stage = record({ clock: systemClock, log: silentLogger, pressure: () => undefined, problem: () => problem });
  const { route, ...exchange } = anExchange({ body: '{"jsonrpc":"2.0","id":1,"method":"ping"}' });
  const handle = () =>
    stage.handle({ ...exchange, route: { ...route, upstream } }, next => forward().handle(next, () => Promise.reject(new Error('last'))));
  await expect(handle()).rejects.toMatchObject({ code: 'UNAVAILABLE', facts: { may_have_executed: false } });
  expect(sent).toEqual([]);
  problem = undefined;
  await expect(handle()).rejects.toThrow('not of interest');
  expect(sent).toEqual(['sent']);
});
