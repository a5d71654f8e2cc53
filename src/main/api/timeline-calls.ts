/** Calls about views of rows, and the topic that tells of their changes. A view belongs to the connection that opened it. */
import { TrafficError } from '../../shared/errors/error-table.ts';
import type { ViewState } from '../../shared/model/timeline.ts';
import { explainFilter } from '../../shared/filters/explain-filter.ts';
import { readFilter } from '../../shared/filters/read-filter.ts';
import type { Caller } from '../publish/caller.ts';
import { newest, Throttle, type TopicHandler } from '../publish/topic.ts';
import type { ApiDeps } from './api-deps.ts';
import type { CallHandlers } from './serve-calls.ts';

const MAX_VIEWS_PER_CALLER = 16;
const VIEW_INTERVAL_MS = 100;
const MAX_COMPLETIONS = 50;

type TimelineCalls = Pick<
  CallHandlers,
  'timeline.open' | 'timeline.close' | 'timeline.rows' | 'timeline.indexOf' | 'timeline.find' | 'filter.read' | 'filter.values'
>;

export function timelineCalls({ store, ids }: ApiDeps): TimelineCalls {
  const viewsOf = new WeakMap<Caller, Set<string>>();
  const mustOwn = (caller: Caller, viewId: string) => {
    if (viewsOf.get(caller)?.has(viewId) !== true) throw new TrafficError('NOT_FOUND', 'That view is closed; open it again.');
  };
  return {
    'timeline.open': async (spec, caller) => {
      const views = viewsOf.get(caller) ?? new Set();
      viewsOf.set(caller, views);
      if (views.size >= MAX_VIEWS_PER_CALLER)
        throw new TrafficError('BAD_CALL', `A connection opens at most ${MAX_VIEWS_PER_CALLER} views; close one first.`);
      const viewId = `${caller.id}.${ids.next()}`;
      views.add(viewId);
      try {
        const state = await store.openView(viewId, spec);
        caller.onClose(() => void store.closeView(viewId));
        if (caller.signal.aborted) await store.closeView(viewId);
        return { viewId, state };
      } catch (error) {
        views.delete(viewId);
        throw error;
      }
    },
    'timeline.close': async ({ viewId }, caller) => {
      mustOwn(caller, viewId);
      viewsOf.get(caller)?.delete(viewId);
      await store.closeView(viewId);
      return {};
    },
    'timeline.rows': ({ viewId, from, count }, caller) => {
      mustOwn(caller, viewId);
      return store.viewRows(viewId, from, count);
    },
    'timeline.indexOf': async ({ viewId, id }, caller) => {
      mustOwn(caller, viewId);
      return { index: await store.viewIndexOf(viewId, id) };
    },
    'timeline.find': async ({ viewId, ...query }, caller) => {
      mustOwn(caller, viewId);
      return { index: await store.viewFind(viewId, query) };
    },
    'filter.read': ({ text }) => {
      const read = readFilter(text);
      return Promise.resolve(
        read.ok
          ? { kind: 'ok' as const, sentence: explainFilter(read.filter) }
          : { kind: 'error' as const, message: read.message, start: read.start, end: read.end },
      );
    },
    'filter.values': async ({ key, prefix }) => ({ values: [...(await store.filterValues(key, prefix, MAX_COMPLETIONS))] }),
  };
}

/** The newest state of one view, at most ten times a second. Only its owner may follow it: view ids carry the caller's id. */
export function timelineTopic({ store }: Pick<ApiDeps, 'store'>): TopicHandler<'timeline'> {
  return {
    async subscribe({ viewId }, caller, push) {
      if (!viewId.startsWith(`${caller.id}.`)) throw new TrafficError('NOT_FOUND', 'That view is closed; open it again.');
      let latest: ViewState | undefined;
      const throttle = new Throttle(VIEW_INTERVAL_MS, () => {
        if (latest !== undefined) push(latest);
      });
      const stop = store.onViewChanged((changedId, state) => {
        if (changedId !== viewId) return;
        // A re-ordering that was not sent yet must not be lost behind a later append.
        latest = latest?.isReordered === true && state.revision > latest.revision ? { ...state, isReordered: true } : state;
        throttle.request();
      });
      try {
        // Asked after listening began, so that no change between the two is lost.
        const now = await store.viewState(viewId);
        latest ??= now;
        throttle.request();
      } catch (error) {
        stop();
        throw error;
      }
      return () => {
        stop();
        throttle.stop();
      };
    },
    conflate: (older, newer) => (older.isReordered ? { ...newer, isReordered: true } : newest(older, newer)),
  };
}
