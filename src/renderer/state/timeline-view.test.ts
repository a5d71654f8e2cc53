/** A live view: windowed reads, stale pages, specs that overtake each other, pause, reconnect. */
import { describe, expect, test, vi } from 'vitest';
import type { TimelineSpec, ViewState } from '../../shared/model/timeline.ts';
import { HostError, type HostClient } from '../host/host-client.ts';
import type { WireState } from '../host/wire-state.ts';
import { TimelineView } from './timeline-view.ts';

const spec: TimelineSpec = {
  mode: 'exchanges',
  filter: '',
  scope: {},
  requestsOnly: false,
  sort: { column: 'id', descending: false },
};

/** A host of one growing list, answering from the microtask queue. */
function listHost(size: number) {
  const host = {
    size,
    revision: 1,
    state: { kind: 'connected' } as WireState,
    reads: [] as number[],
    opened: [] as TimelineSpec[],
    closed: [] as string[],
    send: (_: ViewState): void => {},
    listeners: new Set<() => void>(),
    viewState: (): ViewState => ({
      revision: host.revision,
      matched: host.size,
      total: host.size,
      progress: 1,
      isReordered: false,
    }),
    grow(by: number) {
      host.size += by;
      host.revision += 1;
      host.send(host.viewState());
    },
  };
  const client: HostClient = {
    get state() {
      return host.state;
    },
    onState: listener => {
      host.listeners.add(listener);
      return () => host.listeners.delete(listener);
    },
    call: async (name, input) => {
      await Promise.resolve();
      if (name === 'timeline.open') {
        const wanted = input as TimelineSpec;
        if (wanted.filter === 'bad:') throw new HostError('BAD_CALL', 'Nothing is filtered by “bad”.');
        host.opened.push(wanted);
        return { viewId: `v${host.opened.length}`, state: host.viewState() } as never;
      }
      if (name === 'timeline.close') {
        host.closed.push((input as { viewId: string }).viewId);
        return {} as never;
      }
      const { from, count } = input as { from: number; count: number };
      host.reads.push(from);
      const rows = Array.from({ length: Math.max(0, Math.min(count, host.size - from)) }, (_, at) => ({
        row: 'frame',
        id: from + at,
      }));
      return { revision: host.revision, from, rows } as never;
    },
    follow: (_topic, _params, onMessage) => {
      host.send = message => onMessage(message as never);
      return () => {};
    },
  };
  return { host, client };
}

const settle = () => vi.waitFor(() => new Promise(resolve => setTimeout(resolve, 0)));

describe('TimelineView', () => {
  test('reads only the pages that are looked at', async () => {
    const { host, client } = listHost(1_000_000);
    const view = new TimelineView(client);
    view.show(spec);
    await settle();
    view.lookAt(500_010, 500_050);
    await settle();
    expect(host.reads).toEqual([500_000]);
    expect(view.rowAt(500_020)).toMatchObject({ id: 500_020 });
    expect(view.state().matched).toBe(1_000_000);
  });

  test('reads the looked-at page again when the view grows, and no other', async () => {
    const { host, client } = listHost(250);
    const view = new TimelineView(client);
    view.show(spec);
    await settle();
    view.lookAt(0, 40);
    await settle();
    view.lookAt(200, 250);
    await settle();
    host.reads.length = 0;
    host.grow(10);
    view.lookAt(210, 260);
    await settle();
    expect(host.reads).toEqual([200]);
    expect(view.rowAt(259)).toMatchObject({ id: 259 });
  });

  test('the last spec wins, and views overtaken are closed', async () => {
    const { host, client } = listHost(10);
    const view = new TimelineView(client);
    view.show(spec);
    view.show({ ...spec, filter: 'server:a' });
    view.show({ ...spec, filter: 'server:b' });
    await settle();
    expect(view.state().viewId).toBe('v3');
    expect(host.closed.toSorted()).toEqual(['v1', 'v2']);
  });

  test('a refused filter is told, and the rows before it stay', async () => {
    const { client } = listHost(10);
    const view = new TimelineView(client);
    view.show(spec);
    await settle();
    view.show({ ...spec, filter: 'bad:' });
    await settle();
    expect(view.state()).toMatchObject({ viewId: 'v1', matched: 10, problem: 'Nothing is filtered by “bad”.' });
  });

  test('paused, it keeps its size; released, it catches up', async () => {
    const { host, client } = listHost(10);
    const view = new TimelineView(client);
    view.show(spec);
    await settle();
    view.pause(true);
    host.grow(5);
    expect(view.state().matched).toBe(10);
    view.pause(false);
    expect(view.state().matched).toBe(15);
  });

  test('opens anew after the host came back, with the last rows readable meanwhile', async () => {
    const { host, client } = listHost(10);
    const view = new TimelineView(client);
    view.show(spec);
    await settle();
    view.lookAt(0, 10);
    await settle();
    host.state = { kind: 'lost', sinceAt: 0, attempt: 0 };
    for (const listener of host.listeners) listener();
    expect(view.rowAt(3)).toMatchObject({ id: 3 });
    host.state = { kind: 'connected' };
    for (const listener of host.listeners) listener();
    await settle();
    expect(host.opened).toHaveLength(2);
    expect(view.rowAt(3)).toMatchObject({ id: 3 });
  });
});
