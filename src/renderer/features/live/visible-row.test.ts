import { expect, test } from 'vitest';
import type { TimelineRow } from '../../../shared/model/timeline.ts';
import { visibleRow } from './visible-row.ts';

const row = (change: object) =>
  ({
    row: 'exchange',
    exchange: { id: 1, method: 'tools/call', target: 'search', preview: '', clientName: 'c', serverName: 's', ...change },
  }) as unknown as TimelineRow;

test('a name that would reorder or hide characters shows what it is made of', () => {
  const shown = visibleRow(row({ target: 'safe\u202Eelif', serverName: 'fi\u200Bles' }));
  expect(shown).toMatchObject({ exchange: { target: 'safe‹U+202E›elif', serverName: 'fi‹U+200B›les', method: 'tools/call' } });
});

test('an ordinary row stays the object it is, so that it is not drawn again', () => {
  const ordinary = row({ target: 'übung ✓ 世界' });
  expect(visibleRow(ordinary)).toBe(ordinary);
});
