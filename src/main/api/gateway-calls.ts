/** Calls about the gateway: what it is doing, its breakers, its sessions, its configuration. */
import { TrafficError } from '../../shared/errors/error-table.ts';
import { configJsonSchema } from '../settings/config-schema.ts';
import { actorOf } from '../publish/caller.ts';
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
  | 'config.draft'
  | 'config.schema'
  | 'config.history'
  | 'config.diff'
  | 'config.rollback'
  | 'policy.dryRun'
  | 'policy.explain'
  | 'audit.query'
  | 'audit.verify'
  | 'pin.changes'
  | 'pin.approve'
  | 'signIn.state'
  | 'signIn.begin'
  | 'signIn.forget'
  | 'log.levels'
  | 'log.setLevel'
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
    'breaker.set': (change, caller) => {
      gateway.setBreaker({ ...change, actor: actorOf(caller) });
      return Promise.resolve({ upstreams: gateway.upstreams() });
    },
    'session.kill': async ({ id, reason }, caller) => {
      const session = await store.session(id);
      // One that the gateway holds can be ended before it is recorded, and where nothing is.
      if (session === undefined && !gateway.holdsSession(id)) throw new TrafficError('NOT_FOUND', `There is no session ${id}.`);
      if (session !== undefined && session.state !== 'live') throw new TrafficError('CONFLICT', `Session ${id} has ended already.`);
      // A shim forwards by itself: ending the record would not end the session.
      if (session?.transport === 'stdio')
        throw new TrafficError('CONFLICT', `Session ${id} is a wrapped server; end its client or the server.`);
      if (!gateway.killSession({ id, reason, actor: actorOf(caller) })) endSession(id, `killed${reason === '' ? '' : `: ${reason}`}`);
      board.touchSessions([id]);
      return {};
    },
    'config.read': () => gateway.config.read(),
    'config.check': ({ text }) => Promise.resolve(gateway.config.check(text)),
    'config.write': change => gateway.config.write(change),
    'config.edit': ({ edits, ...rest }) => gateway.config.edit({ ...rest, edits: edits.map(edit => edit satisfies ConfigEdit) }),
    'config.draft': ({ text, edits }) => Promise.resolve(gateway.config.draft(text, edits)),
    'config.schema': () => Promise.resolve({ schema: JSON.parse(configJsonSchema()) as Record<string, unknown> }),
    'config.history': () => Promise.resolve({ versions: gateway.config.history() }),
    'config.diff': ({ from, to }) => Promise.resolve({ text: gateway.config.diff(from, to) }),
    'config.rollback': ({ hash }) => gateway.config.rollback(hash),
    'policy.dryRun': (draft, caller) => gateway.dryRun(draft, caller.signal),
    'policy.explain': frame => gateway.explain(frame),
    'audit.query': async query => {
      const { rows, cursor } = await gateway.audit.query(query);
      return { rows: [...rows], ...(cursor === undefined ? {} : { cursor }) };
    },
    'audit.verify': () => gateway.audit.verify(),
    'pin.changes': ({ upstream }) => Promise.resolve({ changes: gateway.pins.changes(upstream) }),
    'pin.approve': async ({ upstream, tool, digest }, caller) => {
      gateway.pins.approve({ upstream, tool, digest, actor: actorOf(caller) });
      return Promise.resolve({});
    },
    'signIn.state': ({ upstream }) => Promise.resolve(gateway.signIns.state(upstream)),
    'signIn.begin': ({ upstream }, caller) => gateway.signIns.begin({ upstream, actor: actorOf(caller) }),
    'signIn.forget': ({ upstream }, caller) => Promise.resolve(gateway.signIns.forget({ upstream, actor: actorOf(caller) })),
    'log.levels': () => Promise.resolve({ levels: { ...gateway.logs.levels() } }),
    'log.setLevel': ({ component, level }, caller) => {
      gateway.logs.setLevel({ component, level, actor: actorOf(caller) });
      return Promise.resolve({ levels: { ...gateway.logs.levels() } });
    },
  };
}
