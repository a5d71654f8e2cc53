/** The look of outcomes: words with what makes them precise, red only for failures. */
import { expect, test } from 'vitest';
import type { ExchangeSummary } from '../../shared/model/exchange.ts';
import { StatusWord } from '../../shared/model/exchange.ts';
import { barLength, lookOf, paceOf, statusLook } from './status-look.ts';

const exchange = (fields: Partial<ExchangeSummary>) => fields as ExchangeSummary;

test('an error names its code with a true minus', () => {
  expect(statusLook(exchange({ status: 'error', errorCode: -32602 })).word).toBe('error −32602');
  expect(statusLook(exchange({ status: 'failed', errorCode: 502 })).word).toBe('failed 502');
});

test('every status but plain success has a glyph beside its colour', () => {
  for (const status of StatusWord.options) {
    const look = lookOf(status);
    expect(look.glyph === 'none').toBe(status === 'ok');
  }
});

test('slow is amber at most', () => {
  expect([10, 200, 5000, 600_000].map(paceOf)).toEqual(['fast', 'normal', 'slow', 'slow']);
});

test('bars grow with the time and stay in their cell', () => {
  const lengths = [0, 1, 10, 1000, 100_000, 1e9].map(barLength);
  expect(lengths).toEqual(lengths.toSorted((a, b) => a - b));
  expect(lengths[0]).toBeGreaterThan(0);
  expect(lengths.at(-1)).toBe(1);
});
