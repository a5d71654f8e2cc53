/** What a person does by hand is told, so that the audit says who did it. */
import { expect, test } from 'vitest';
import type { GatewayEvent } from '../../shared/model/gateway-event.ts';
import type { TokenVault } from '../secrets/token-vault.ts';
import type { StoreReader } from '../store/traffic-store.ts';
import { gatewayControl } from './gateway-control.ts';
import type { Gateway } from './gateway.ts';

test('signing in to a server is told once it is done, with who began it; one that fails is not', async () => {
  const events: GatewayEvent[] = [];
  const endings = [Promise.resolve({ kind: 'signed-in' }), Promise.reject(new Error('called off'))];
  const begin = () => Promise.resolve({ authorizationUrl: 'https://idp.example/authorize', done: endings.shift() });
  const gateway = {
    observers: { hub: { emit: (event: GatewayEvent) => events.push(event) } },
    guards: { signIns: { begin } },
  } as unknown as Gateway;
  const control = gatewayControl({
    gateway,
    store: {} as StoreReader,
    vault: {} as TokenVault,
    clock: { now: () => 7, monotonicUs: () => 0 },
  });
  for (const actor of ['window', 'command line'])
    expect(await control.signIns.begin({ upstream: 'github', actor })).toEqual({ authorizationUrl: 'https://idp.example/authorize' });
  await new Promise(resolve => setImmediate(resolve));
  expect(events).toEqual([{ type: 'admin', at: 7, action: 'sign in', target: 'github', actor: 'window' }]);
});
