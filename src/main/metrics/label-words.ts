/** Words that may stand in labels. A label is kept for ever by whoever scrapes it, so what a peer can choose freely is never one. */

/** Stands for every tool, method or name that is not known. */
export const OTHER = '_other';

/** Lets the first `max` different words through and answers `_other` (or what is given) for all later ones. */
export class LabelWords {
  readonly #max: number;
  readonly #other: string;
  readonly #known = new Set<string>();

  constructor(max: number, other = OTHER) {
    this.#max = max;
    this.#other = other;
  }

  word(value: string): string {
    if (this.#known.has(value)) return value;
    if (this.#known.size >= this.#max) return this.#other;
    this.#known.add(value);
    return value;
  }
}

/** Requests and notifications of all revisions of the protocol; any other method is `_other`. */
const methods: ReadonlySet<string> = new Set([
  'initialize',
  'ping',
  'server/discover',
  'subscriptions/listen',
  'tools/list',
  'tools/call',
  'prompts/list',
  'prompts/get',
  'resources/list',
  'resources/templates/list',
  'resources/read',
  'resources/subscribe',
  'resources/unsubscribe',
  'completion/complete',
  'logging/setLevel',
  'tasks/list',
  'tasks/get',
  'tasks/result',
  'tasks/update',
  'tasks/cancel',
  'sampling/createMessage',
  'elicitation/create',
  'roots/list',
  'notifications/initialized',
  'notifications/cancelled',
  'notifications/progress',
  'notifications/message',
  'notifications/roots/list_changed',
]);

export function methodWord(method: string): string {
  return methods.has(method) ? method : OTHER;
}
