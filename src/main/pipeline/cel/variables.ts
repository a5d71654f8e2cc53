/** The variables of expressions, and how a subject fills them: each only when an expression looks at it. */
import type { CelInput } from '@bufbuild/cel';
import { MASK } from '../../../shared/redaction/mask-text.ts';
import type { Subject } from '../policy/subject.ts';
import { toCelInput, Unrecorded } from './lazy-values.ts';
import type { Work } from './work-budget.ts';

/** Members that always are what they are; `args` and what stands inside `claims` and `headers` is whatever came. */
const fields: Readonly<Record<string, readonly string[]>> = {
  resource: ['uri'],
  principal: ['sub', 'iss', 'scopes', 'roles', 'claims'],
  client: ['ip', 'name', 'version'],
  session: ['id', 'era'],
  http: ['method', 'path', 'headers'],
  tool_meta: ['readOnly', 'destructive', 'pinned'],
};

export const variableNames: ReadonlySet<string> = new Set(['method', 'server', 'tool', 'prompt', 'args', 'now', ...Object.keys(fields)]);

/** Members of a variable that has fixed ones. */
export function fieldsOf(variable: string): readonly string[] | undefined {
  return Object.hasOwn(fields, variable) ? fields[variable] : undefined;
}

/** Credentials are for nobody to look at, and `Mcp-*` only repeats what the body says, or lies. */
const hiddenHeaders = new Set(['authorization', 'proxy-authorization', 'cookie', 'x-api-key']);

export type Bindings = Readonly<Record<string, CelInput>>;

/** `timestampOf` makes a CEL timestamp; only expressions that look at `now` pay for it. */
export function bindingsOf(subject: Subject, work: Work, timestampOf: (epochMs: number) => CelInput): Bindings {
  // An index signature cannot be declared for accessors; names that are no variables were refused when the expression was checked.
  return new Variables(subject, work, timestampOf) as unknown as Bindings;
}

/** Accessors of a class, because every message makes some of these for every policy. */
class Variables {
  readonly #subject: Subject;
  readonly #work: Work;
  readonly #timestampOf: (epochMs: number) => CelInput;
  #args: CelInput | undefined;
  #principal: CelInput | undefined;
  #http: CelInput | undefined;
  #now: CelInput | undefined;

  constructor(subject: Subject, work: Work, timestampOf: (epochMs: number) => CelInput) {
    this.#subject = subject;
    this.#work = work;
    this.#timestampOf = timestampOf;
  }

  get method(): CelInput {
    return this.#cel(this.#subject.method);
  }

  get server(): CelInput {
    return this.#cel(this.#subject.server);
  }

  get tool(): CelInput {
    return this.#cel(this.#subject.tool);
  }

  get prompt(): CelInput {
    return this.#cel(this.#subject.prompt);
  }

  get resource(): CelInput {
    return this.#cel({ uri: this.#subject.resource });
  }

  get args(): CelInput {
    if (this.#subject.unrecorded?.has('args') === true) return this.#work.missed('args');
    return (this.#args ??= this.#cel(this.#subject.args ?? {}));
  }

  get principal(): CelInput {
    const { sub = '', iss = '', scopes, roles, claims } = this.#subject.principal;
    return (this.#principal ??= this.#known('principal', { sub, iss, scopes, roles, claims }));
  }

  get client(): CelInput {
    return this.#known('client', this.#subject.client);
  }

  get session(): CelInput {
    return this.#known('session', this.#subject.session);
  }

  get http(): CelInput {
    const { http } = this.#subject;
    return (this.#http ??= this.#known('http', { method: http.method, path: http.path, headers: this.#headers(http) }));
  }

  get tool_meta(): CelInput {
    const { toolMeta } = this.#subject;
    if (toolMeta === undefined && this.#subject.unrecorded?.has('tool_meta') === true) return this.#work.missed('tool_meta');
    return this.#cel(toolMeta === undefined ? {} : shownMeta(toolMeta));
  }

  get now(): CelInput {
    return (this.#now ??= this.#timestampOf(this.#subject.nowMs));
  }

  /** A variable with fixed members, of which the record may lack some. */
  #known(variable: string, value: object): CelInput {
    const { unrecorded } = this.#subject;
    return this.#cel(unrecorded === undefined ? value : withGaps(variable, value, unrecorded));
  }

  #headers(http: Subject['http']): Record<string, unknown> {
    const shown = shownHeaders(http);
    return this.#subject.unrecorded === undefined ? shown : withMaskedGaps(shown);
  }

  #cel(value: unknown): CelInput {
    return toCelInput(value, this.#work);
  }
}

/** What the server did not say is not there: `has(tool_meta.readOnly)` tells. */
function shownMeta({ readOnly, destructive, pinned }: NonNullable<Subject['toolMeta']>): Record<string, unknown> {
  return {
    pinned: pinned === 'same',
    ...(readOnly === undefined ? {} : { readOnly }),
    ...(destructive === undefined ? {} : { destructive }),
  };
}

function withGaps(variable: string, value: object, unrecorded: ReadonlySet<string>): Record<string, unknown> {
  return Object.fromEntries(
    Object.entries(value).map(([name, known]) => {
      const full = `${variable}.${name}`;
      return [name, unrecorded.has(full) || isMasked(known) ? new Unrecorded(full) : known];
    }),
  );
}

function withMaskedGaps(headers: Readonly<Record<string, string>>): Record<string, unknown> {
  return Object.fromEntries(
    Object.entries(headers).map(([name, value]) => [name, isMasked(value) ? new Unrecorded('a masked header') : value]),
  );
}

/** The record has a mask in place of what was secret. */
function isMasked(value: unknown): boolean {
  return typeof value === 'string' && value.includes(MASK);
}

/** Lower-case names; values of repeated fields are joined as HTTP has it. */
function shownHeaders({ rawHeaders, keyHeader }: Subject['http']): Record<string, string> {
  const shown = Object.create(null) as Record<string, string>;
  for (let at = 0; at + 1 < rawHeaders.length; at += 2) {
    const name = (rawHeaders[at] as string).toLowerCase();
    if (hiddenHeaders.has(name) || name === keyHeader || name.startsWith('mcp-')) continue;
    const value = rawHeaders[at + 1] as string;
    shown[name] = shown[name] === undefined ? value : `${shown[name]}, ${value}`;
  }
  return shown;
}
