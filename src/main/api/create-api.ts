/** Puts handlers and topics together and hands out connections. */
import type { CallName } from '../../shared/contract/calls.ts';
import { stateTopic } from '../publish/state-topic.ts';
import { newest } from '../publish/topic.ts';
import type { TopicHandlers } from '../publish/topic.ts';
import type { Api } from './api.ts';
import type { Caller } from '../publish/caller.ts';
import { openConnection } from './connection.ts';
import type { ApiDeps } from './api-deps.ts';
import { callHandlers } from './handlers.ts';
import { serveCalls } from './serve-calls.ts';
import { timelineTopic } from './timeline-calls.ts';

export function createApi(deps: ApiDeps): Api {
  const serve = serveCalls(callHandlers(deps), deps.log);
  const topicHandlers: TopicHandlers = {
    timeline: timelineTopic(deps),
    sources: deps.board.sources,
    status: deps.board.status,
    sessions: deps.board.sessions,
    gateway: stateTopic<'gateway'>(() => deps.gateway.status(), 500),
    upstreams: stateTopic<'upstreams'>(() => ({ upstreams: deps.gateway.upstreams() }), 250),
    limits: stateTopic<'limits'>(() => deps.gateway.limits(), 250),
    preferences: {
      subscribe(_params, _caller, push) {
        push(deps.preferences.get());
        return Promise.resolve(deps.preferences.onChanged(push));
      },
      conflate: newest,
    },
  };
  const inProcess: Caller = { id: 'host', canAdminister: true, signal: new AbortController().signal, onClose: () => () => {} };
  return {
    connect: peer => openConnection(peer, { id: deps.ids.next(), serve, topicHandlers, log: deps.log }),
    call: (name, input) => serve(name as CallName, input, inProcess) as never,
  };
}
