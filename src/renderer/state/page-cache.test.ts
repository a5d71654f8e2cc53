/** The page cache: bounded, keeps unchanged rows identical, never replaces newer rows by older ones. */
import { describe, expect, test } from 'vitest';
import { PAGE_SIZE, PageCache } from './page-cache.ts';

interface Row {
  readonly id: number;
  readonly text: string;
}

const rowsOf = (page: number, text = 'a'): Row[] => Array.from({ length: PAGE_SIZE }, (_, at) => ({ id: page * PAGE_SIZE + at, text }));
const cacheOf = (maxPages?: number) => new PageCache<Row>((a, b) => a.id === b.id && a.text === b.text, maxPages);

describe('PageCache', () => {
  test('gives a row by its index in the whole view', () => {
    const cache = cacheOf();
    cache.put(7, rowsOf(7), 1);
    expect(cache.rowAt(7 * PAGE_SIZE + 42)).toEqual({ id: 742, text: 'a' });
    expect(cache.rowAt(0)).toBeUndefined();
  });

  test('drops the page used longest ago when it is full', () => {
    const cache = cacheOf(3);
    for (const page of [0, 1, 2]) cache.put(page, rowsOf(page), 1);
    cache.wanted(0, PAGE_SIZE, 1);
    cache.put(3, rowsOf(3), 1);
    expect(cache.size).toBe(3);
    expect(cache.rowAt(0)).toBeDefined();
    expect(cache.rowAt(PAGE_SIZE)).toBeUndefined();
  });

  test('asks for missing and for outdated pages of a range', () => {
    const cache = cacheOf();
    cache.put(1, rowsOf(1), 5);
    cache.put(2, rowsOf(2), 4);
    expect(cache.wanted(150, 350, 5)).toEqual([2, 3]);
    expect(cache.wanted(100, 200, 5)).toEqual([]);
  });

  test('keeps the object of a row that did not change', () => {
    const cache = cacheOf();
    cache.put(0, rowsOf(0), 1);
    const before = cache.rowAt(3);
    const changed = rowsOf(0).map(row => (row.id === 4 ? { ...row, text: 'b' } : row));
    cache.put(0, changed, 2);
    expect(cache.rowAt(3)).toBe(before);
    expect(cache.rowAt(4)?.text).toBe('b');
  });

  test('ignores an answer that is older than what is held', () => {
    const cache = cacheOf();
    cache.put(0, rowsOf(0, 'new'), 9);
    cache.put(0, rowsOf(0, 'old'), 8);
    expect(cache.rowAt(0)?.text).toBe('new');
  });
});
