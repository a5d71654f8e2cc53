/** Reads `Retry-After` (RFC 9110, section 10.2.3): seconds, or a date. */

const MAX_MS = 60_000;
const DEFAULT_MS = 1000;

/** Ms, at most a minute; a second where the field is missing or unreadable. */
export function retryAfterMs(value: string | undefined, nowMs: number): number {
  const text = value?.trim() ?? '';
  const ms = /^\d{1,9}$/.test(text) ? Number(text) * 1000 : Date.parse(text) - nowMs;
  return Number.isNaN(ms) ? DEFAULT_MS : Math.min(MAX_MS, Math.max(0, ms));
}
