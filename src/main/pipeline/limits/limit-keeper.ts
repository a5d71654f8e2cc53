/** All keys of all limits: what each has used, and what is under way. Bounded: the key that was used longest ago goes first. */
import { meterOf, type Meter } from './meters.ts';
import type { PreparedLimit, PreparedLimits } from './prepare-limits.ts';

export const MAX_KEYS = 100_000;
/** Old keys that are looked at when a new one comes, so that those which are full again go without a timer. */
const SWEPT_AT_ONCE = 4;

export class LimitEntry {
  limit: PreparedLimit;
  readonly key: string;
  /** Among all keys of all limits. */
  readonly name: string;
  readonly meter: Meter;
  inFlight = 0;
  admittedCount = 0;
  refusedCount = 0;
  lastRefusedAt: number | undefined;

  constructor(limit: PreparedLimit, key: string, name: string, nowUs: number) {
    this.limit = limit;
    this.key = key;
    this.name = name;
    this.meter = meterOf(limit.config, nowUs);
  }
}

export class LimitKeeper {
  readonly #maxKeys: number;
  /** Used longest ago first. */
  readonly #entries = new Map<string, LimitEntry>();

  constructor(maxKeys = MAX_KEYS) {
    this.#maxKeys = maxKeys;
  }

  get keyCount(): number {
    return this.#entries.size;
  }

  /** Keys of limits that mean something else now, or that are gone, are forgotten; the others go on. */
  apply({ limits }: PreparedLimits): void {
    const byId = new Map(limits.map(limit => [limit.id, limit]));
    for (const [name, entry] of this.#entries) {
      const limit = byId.get(entry.limit.id);
      if (limit?.fingerprint === entry.limit.fingerprint) entry.limit = limit;
      else this.#entries.delete(name);
    }
  }

  /** The entry of a key; one that is not kept yet is new and full, and is kept once it is used. */
  find(limit: PreparedLimit, key: string, nowUs: number): LimitEntry {
    const name = `${limit.id}\n${key}`;
    return this.#entries.get(name) ?? new LimitEntry(limit, key, name, nowUs);
  }

  /** It was used, or refused: it becomes the newest. */
  touch(entry: LimitEntry, nowUs: number): void {
    const { name } = entry;
    const isNew = !this.#entries.delete(name);
    this.#entries.set(name, entry);
    if (isNew) this.#makeRoom(nowUs);
  }

  entries(): IterableIterator<LimitEntry> {
    return this.#entries.values();
  }

  /** Forgets keys that are full again and have nothing under way; such a key would be the same if it came anew. */
  sweep(nowUs: number): void {
    for (const [name, entry] of this.#entries) if (isIdle(entry, nowUs)) this.#entries.delete(name);
  }

  #makeRoom(nowUs: number): void {
    let lookedAt = 0;
    for (const entry of this.#entries.values()) {
      const isTooMany = this.#entries.size > this.#maxKeys;
      if (!isTooMany && lookedAt >= SWEPT_AT_ONCE) return;
      lookedAt += 1;
      // What is under way has to be given back to somebody; there are never more of those than open requests.
      if (entry.inFlight === 0 && (isTooMany || isIdle(entry, nowUs))) this.#entries.delete(entry.name);
    }
  }
}

function isIdle({ inFlight, meter }: LimitEntry, nowUs: number): boolean {
  return inFlight === 0 && meter.resetUs(nowUs) <= 0;
}
