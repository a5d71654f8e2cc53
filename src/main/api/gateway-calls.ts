/** Calls about the gateway: what it is doing, its breakers, its sessions, its configuration. */
import { TrafficError } from '../../shared/errors/error-table.ts';
import type { ApiDeps, ConfigEdit } from './api-deps.ts';
import type { CallHandlers } from './serve-calls.ts';

type GatewayCalls = Pick<
  CallHandlers,
  | 'gateway.load'
  | 'gateway.status'
  | 'gateway.upstreams'
  | 'gateway.limits'
  | 'breaker.set'
  | 'session.kill'
  | 'config.read'
  | 'config.check'
  | 'config.write'
  | 'config.edit'
  | 'config.history'
  | 'config.diff'
  | 'config.rollback'
  | 'policy.dryRun'
>;

export function gatewayCalls({ gateway, board, endSession, store }: ApiDeps): GatewayCalls {
  return {
    'gateway.load': async ({ path }, caller) => {
      if (!caller.canAdminister) throw new TrafficError('NOT_ALLOWED', 'Only the command line of this host may name a configuration file.');
      await gateway.load(path);
      board.touch();
      return gateway.status();
    },
    'gateway.status': () => Promise.resolve(gateway.status()),
    'gateway.upstreams': () => Promise.resolve({ upstreams: gateway.upstreams() }),
    'gateway.limits': () => Promise.resolve(gateway.limits()),
    'breaker.set': change => {
      gateway.setBreaker({ ...change, actor: 'window' });
      return Promise.resolve({ upstreams: gateway.upstreams() });
    },
    'session.kill': async ({ id, reason }, caller) => {
      const session = await store.session(id);
      if (session === undefined) throw new TrafficError('NOT_FOUND', `There is no session ${id}.`);
      if (session.state !== 'live') throw new TrafficError('CONFLICT', `Session ${id} has ended already.`);
      // A shim forwards by itself: ending the record would not end the session.
      if (session.transport === 'stdio')
        throw new TrafficError('CONFLICT', `Session ${id} is a wrapped server; end its client or the server.`);
      const actor = caller.canAdminister ? 'command line' : 'window';
      if (!gateway.killSession({ id, reason, actor })) endSession(id, `killed${reason === '' ? '' : `: ${reason}`}`);
      board.touchSessions([id]);
      return {};
    },
    'config.read': () => gateway.config.read(),
    'config.check': ({ text }) => Promise.resolve(gateway.config.check(text)),
    'config.write': change => gateway.config.write(change),
    'config.edit': ({ edits, ...rest }) => gateway.config.edit({ ...rest, edits: edits.map(edit => edit satisfies ConfigEdit) }),
    'config.history': () => Promise.resolve({ versions: gateway.config.history() }),
    'config.diff': ({ from, to }) => Promise.resolve({ text: gateway.config.diff(from, to) }),
    'config.rollback': ({ hash }) => gateway.config.rollback(hash),
    'policy.dryRun': (draft, caller) => gateway.dryRun(draft, caller.signal),
  };
}
