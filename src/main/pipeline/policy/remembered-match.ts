/** What fits a subject, remembered: clients ask for the same few tools again and again, and each call would try all globs anew. */
import type { Matchable } from './match.ts';

/** Beyond this it begins anew: names come from clients. */
const MAX_REMEMBERED = 1000;
const MAX_KEY = 300;

interface Remembered<T> {
  readonly subject: Matchable;
  readonly found: T;
}

/** `find` looks at nothing but what globs look at, and is called once for all subjects that are equal in that. */
export class RememberedMatch<T> {
  readonly #find: (subject: Matchable) => T;
  readonly #byKey = new Map<string, Remembered<T>>();

  constructor(find: (subject: Matchable) => T) {
    this.#find = find;
  }

  of(subject: Matchable): T {
    const { method, server, tool, prompt, resource, client } = subject;
    const key = `${method} ${tool}${prompt}${resource}`;
    const known = this.#byKey.get(key);
    // The key alone could be that of another subject: names may hold anything.
    if (known !== undefined && areEqual(known.subject, subject)) return known.found;
    const found = this.#find(subject);
    if (key.length > MAX_KEY || server.length + client.name.length > MAX_KEY) return found;
    if (this.#byKey.size >= MAX_REMEMBERED) this.#byKey.clear();
    this.#byKey.set(key, { subject: { method, server, tool, prompt, resource, client: { name: client.name } }, found });
    return found;
  }
}

function areEqual(one: Matchable, other: Matchable): boolean {
  return (
    one.method === other.method &&
    one.tool === other.tool &&
    one.prompt === other.prompt &&
    one.resource === other.resource &&
    one.server === other.server &&
    one.client.name === other.client.name
  );
}
