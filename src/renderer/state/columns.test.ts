/** Columns follow their pane until a person chooses. */
import { expect, test } from 'vitest';
import { columnsFor, gridTemplate, withColumnToggled, withWidths, roomsOf } from './columns.ts';

test('columns follow the width of the pane', () => {
  expect(columnsFor(400, [])).toEqual(['direction', 'method', 'target', 'status', 'duration']);
  expect(columnsFor(560, [])).toContain('bar');
  expect(columnsFor(520, [])).toContain('server');
  expect(columnsFor(639, [])).not.toContain('time');
  expect(columnsFor(1100, [])).toEqual([
    'id',
    'time',
    'delta',
    'direction',
    'client',
    'server',
    'method',
    'target',
    'status',
    'duration',
    'bar',
    'size',
    'flags',
  ]);
});

test('a choice stands at every width, without columns that no longer exist', () => {
  expect(columnsFor(400, [{ id: 'time' }, { id: 'tokens' }, { id: 'target' }])).toEqual(['time', 'target']);
});

test('the first toggle starts from what is on screen', () => {
  const shown = columnsFor(400, []);
  expect(withColumnToggled(shown, [], 'size').map(column => column.id)).toEqual([
    'direction',
    'method',
    'target',
    'status',
    'duration',
    'size',
  ]);
  expect(withColumnToggled(shown, [], 'status').map(column => column.id)).not.toContain('status');
});

test('widths are kept in bounds', () => {
  expect(withWidths(['method', 'target'], { method: 3 })).toEqual([{ id: 'method', width: 20 }, { id: 'target' }]);
});

test('names grow with the pane until their width is set', () => {
  expect(gridTemplate(['server', 'target'], {})).toBe('minmax(80px, 0.45fr) minmax(80px, 1fr)');
  expect(gridTemplate(['server', 'target'], { server: 140 })).toBe('140px minmax(80px, 1fr)');
});

test('target takes the rest, and without it nothing is stretched', () => {
  expect(gridTemplate(['direction', 'target', 'status'], { status: 130 })).toBe('14px minmax(80px, 1fr) 130px');
  expect(gridTemplate(['time'], {})).toBe('78px minmax(0, 1fr)');
});

test('the room of a column is what the browser gives it, never more', () => {
  const ids = columnsFor(1250, []);
  const rooms = roomsOf(ids, {}, 1250);
  const sum = ids.reduce((total, id) => total + (rooms[id] ?? 0), 0);
  expect(sum).toBeLessThanOrEqual(1250 - 24 - 8 * (ids.length - 1));
  expect(rooms.target).toBeGreaterThan(150);
  expect(roomsOf(ids, { method: 40 }, 1250).method).toBe(40);
  // A pane too small for its columns scrolls: each keeps its least width.
  expect(roomsOf(['method', 'target'], {}, 50)).toEqual({ method: 84, target: 80 });
});
