/** What a person does by hand is told, so that the audit says who did it. */
import { expect, test } from 'vitest';
import type { GatewayEvent } from '../../shared/model/gateway-event.ts';
import type { SignIns } from '../secrets/sign-in/sign-ins.ts';
import { tellByHand } from './by-hand.ts';
import { signInsByHand } from './sign-ins-by-hand.ts';

test('signing in to a server is told once it is done, with who began it; one that fails is not', async () => {
  const events: GatewayEvent[] = [];
  const endings = [Promise.resolve({ kind: 'signed-in' }), Promise.reject(new Error('called off'))];
  const begin = () => Promise.resolve({ authorizationUrl: 'https://idp.example/authorize', done: endings.shift() });
  const tell = tellByHand({ clock: { now: () => 7, monotonicUs: () => 0 }, emit: event => events.push(event) });
  const signIns = signInsByHand({ begin } as unknown as SignIns, tell);
  for (const actor of ['window', 'command line'])
    expect(await signIns.begin({ upstream: 'github', actor })).toEqual({ authorizationUrl: 'https://idp.example/authorize' });
  await new Promise(resolve => setImmediate(resolve));
  expect(events).toEqual([{ type: 'admin', at: 7, action: 'sign in', target: 'github', actor: 'window' }]);
});
