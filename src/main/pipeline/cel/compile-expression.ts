/** CEL expressions over one message and its surroundings: checked and planned once, evaluated within bounds, closed on every doubt. */
import { celEnv, isCelError, parse, plan, type CelInput, type CelResult } from '@bufbuild/cel';
import type { Subject } from '../policy/subject.ts';
import { boundedTree } from './bounded-tree.ts';
import { checkExpression, ExpressionError } from './check-expression.ts';
import { ownFunctions } from './own-functions.ts';
import { usualTest } from './usual-expression.ts';
import { bindingsOf, type Bindings } from './variables.ts';
import { EVALUATION_UNITS, RequestWork, Work } from './work-budget.ts';

export type Outcome<T> = { readonly ok: true; readonly value: T } | { readonly ok: false; readonly error: string };

export interface Expression {
  readonly text: string;
  readonly looksAtArguments: boolean;
  /** True or false; everything else is an error. Never throws. `work` is shared by all evaluations for one request. */
  test(subject: Subject, work?: RequestWork): Outcome<boolean>;
  /** A value as a key to sort requests by: texts, numbers, booleans. Never throws. */
  key(subject: Subject, work?: RequestWork): Outcome<string>;
}

const yes: Outcome<boolean> = { ok: true, value: true };
const no: Outcome<boolean> = { ok: true, value: false };
const MAX_LENGTH = 10_000;
const MAX_ERROR_LENGTH = 200;

/** Compiles expressions that share one environment. They run one at a time and to their end. */
export class ExpressionCompiler {
  #work: Work | undefined;
  readonly #env = celEnv({
    funcs: ownFunctions(() => {
      if (this.#work === undefined) throw new Error('nothing is being evaluated');
      return this.#work;
    }),
  });
  readonly #timestamp = plan(this.#env, parse('timestamp(text)'));

  /** Throws an ExpressionError that says what is wrong. */
  compile(text: string): Expression {
    const tree = parsed(text);
    const { variables } = checkExpression(tree);
    const usual = usualTest(tree);
    let run: (bindings?: Bindings) => CelResult;
    try {
      run = plan(this.#env, boundedTree(tree));
    } catch (error) {
      throw new ExpressionError(sentence(error));
    }
    const evaluate = (subject: Subject, request: RequestWork) => this.#evaluate(run, subject, request);
    const test = (subject: Subject, request = new RequestWork()) => {
      const known = usual?.(subject, request);
      return known === undefined ? asBoolean(evaluate(subject, request), text) : known ? yes : no;
    };
    const isAboutPrincipal = [...variables].every(name => name === 'principal');
    return {
      text,
      looksAtArguments: variables.has('args'),
      test: isAboutPrincipal ? oncePerPrincipal(test) : test,
      key: (subject, request = new RequestWork()) => asKey(evaluate(subject, request), text),
    };
  }

  #evaluate(run: (bindings?: Bindings) => CelResult, subject: Subject, request: RequestWork): CelResult | Error {
    const outer = this.#work;
    const work = new Work(request);
    const { stackTraceLimit } = Error;
    this.#work = work;
    // An error in here is a result like any other; where it was made is of interest to nobody, and costs more than all the rest.
    Error.stackTraceLimit = 0;
    try {
      work.spend(EVALUATION_UNITS);
      return run(bindingsOf(subject, work, epochMs => this.#timestampOf(epochMs)));
    } catch (error) {
      return error instanceof Error ? error : new Error(String(error));
    } finally {
      Error.stackTraceLimit = stackTraceLimit;
      this.#work = outer;
    }
  }

  #timestampOf(epochMs: number): CelInput {
    const value = this.#timestamp({ text: new Date(epochMs).toISOString() });
    if (isCelError(value)) throw value;
    return value as CelInput;
  }
}

function parsed(text: string) {
  if (text.length > MAX_LENGTH) throw new ExpressionError(`It is longer than ${MAX_LENGTH} characters.`);
  try {
    const { expr } = parse(text);
    if (expr !== undefined) return expr;
  } catch (error) {
    // The parser calls itself for every bracket; what is too deep for it is far too deep for us.
    throw new ExpressionError(error instanceof RangeError ? 'It is nested too deep.' : sentence(error));
  }
  throw new ExpressionError('It is empty.');
}

type Test = (subject: Subject, request?: RequestWork) => Outcome<boolean>;

/**
 * What looks at nothing but the principal says the same about all its requests, and authentication hands on the same principal
 * for as long as it believes a token. Errors are not kept: a request may have run out of work.
 */
function oncePerPrincipal(test: Test): Test {
  const known = new WeakMap<Subject['principal'], Outcome<boolean>>();
  return (subject, request) => {
    // Of the record, where something may be missing.
    if (subject.unrecorded !== undefined) return test(subject, request);
    const before = known.get(subject.principal);
    if (before !== undefined) return before;
    const outcome = test(subject, request);
    if (outcome.ok) known.set(subject.principal, outcome);
    return outcome;
  };
}

function asBoolean(value: CelResult | Error, text: string): Outcome<boolean> {
  if (typeof value === 'boolean') return { ok: true, value };
  return { ok: false, error: value instanceof Error ? tellable(value.message, text) : 'gives neither true nor false' };
}

function asKey(value: CelResult | Error, text: string): Outcome<string> {
  if (value instanceof Error) return { ok: false, error: tellable(value.message, text) };
  const isKey = typeof value === 'string' || typeof value === 'number' || typeof value === 'bigint' || typeof value === 'boolean';
  return isKey ? { ok: true, value: String(value) } : { ok: false, error: 'gives no text, number or truth value' };
}

const ours = /^(?:looks at|too much work|makes a|converts a|compares a)/;

/** Reasons go into logs, the audit and answers; errors of the library may quote arguments, which must not. */
function tellable(message: string, text: string): string {
  if (ours.test(message) || message.startsWith('found no matching overload')) return short(message);
  const missing = /^field not found: (.+)$/s.exec(message)?.[1];
  if (missing === undefined) return 'cannot be evaluated';
  return text.includes(missing) ? short(message) : 'field not found';
}

function sentence(error: unknown): string {
  const said = error instanceof Error ? error.message : String(error);
  // The parser counts lines of the expression, which are not those of the file.
  const text = short(
    said.replace(
      /^<input>:(\d+):(\d+): /,
      (_, line, column) => `In ${line === '1' ? '' : `line ${line}, `}character ${column} of the expression: `,
    ),
  );
  return text.endsWith('.') ? text : `${text}.`;
}

function short(text: string): string {
  return text.length > MAX_ERROR_LENGTH ? `${text.slice(0, MAX_ERROR_LENGTH)}…` : text;
}
