/**
 * JSON values as an expression sees them: turned into CEL values only when it looks at them, and within bounds. What is beyond
 * a bound is not cut but makes the expression err: half a value is a wrong value.
 */
import type { CelInput } from '@bufbuild/cel';
import type { Work } from './work-budget.ts';

/** In place of a value that the record does not have: only what looks at it errs. */
export class Unrecorded {
  readonly name: string;

  constructor(name: string) {
    this.name = name;
  }
}

/** Deeper values are looked at by nobody. */
const MAX_DEPTH = 64;

/** Integers are ints, other numbers doubles; `null` stays null. Throws for what cannot be known exactly. */
export function toCelInput(value: unknown, work: Work, depth = 0): CelInput {
  switch (typeof value) {
    case 'string':
      work.text(value.length);
      return value;
    case 'boolean':
      return value;
    case 'number':
      return exactNumber(value);
    case 'object':
      break;
    default:
      throw new Error('looks at a value that is no JSON');
  }
  if (value === null) return null;
  if (value instanceof Unrecorded) return work.missed(value.name);
  if (depth >= MAX_DEPTH) throw new Error(`looks at a value more than ${MAX_DEPTH} levels deep`);
  if (!Array.isArray(value)) return new LazyMap(value as Record<string, unknown>, work, depth + 1);
  work.elements(value.length);
  return value.map(element => toCelInput(element, work, depth + 1));
}

/** A server may keep the digits that a double loses: such a number is not the one that it gets. */
function exactNumber(value: number): CelInput {
  if (Number.isSafeInteger(value)) return BigInt(value);
  if (Number.isInteger(value) || !Number.isFinite(value)) throw new Error('looks at an integer beyond 2^53');
  return value;
}

/** An object of which members are turned into CEL values one by one, when they are asked for. */
class LazyMap extends Map<string, CelInput> {
  readonly #source: Readonly<Record<string, unknown>>;
  readonly #work: Work;
  readonly #depth: number;
  #keys: readonly string[] | undefined;

  constructor(source: Readonly<Record<string, unknown>>, work: Work, depth: number) {
    super();
    this.#source = source;
    this.#work = work;
    this.#depth = depth;
  }

  override get(key: string): CelInput | undefined {
    if (typeof key !== 'string' || !Object.hasOwn(this.#source, key)) return undefined;
    const known = super.get(key);
    if (known !== undefined) return known;
    const value = toCelInput(this.#source[key], this.#work, this.#depth);
    super.set(key, value);
    return value;
  }

  override has(key: string): boolean {
    return Object.hasOwn(this.#source, key);
  }

  override get size(): number {
    return this.#all().length;
  }

  override keys(): MapIterator<string> {
    return this.#all().values();
  }

  override *values(): MapIterator<CelInput> {
    for (const key of this.#all()) yield this.get(key) as CelInput;
  }

  override *entries(): MapIterator<[string, CelInput]> {
    for (const key of this.#all()) yield [key, this.get(key) as CelInput];
  }

  override [Symbol.iterator](): MapIterator<[string, CelInput]> {
    return this.entries();
  }

  override forEach(take: (value: CelInput, key: string, map: Map<string, CelInput>) => void): void {
    for (const key of this.#all()) take(this.get(key) as CelInput, key, this);
  }

  /** Whoever asks for all keys looks at all of them. */
  #all(): readonly string[] {
    if (this.#keys === undefined) {
      const keys = Object.keys(this.#source);
      this.#work.elements(keys.length);
      for (const key of keys) this.#work.text(key.length);
      this.#keys = keys;
    }
    return this.#keys;
  }
}
