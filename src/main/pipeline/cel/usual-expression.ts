/**
 * The usual expressions, without the library: texts that are compared and searched, lists of texts, joined by and, or and not.
 * They are most of what policies say, and every call is held against all of them. This knows no errors: wherever a value is missing,
 * of another type or larger than usual it says nothing, and the library decides, which alone knows what that means.
 */
import type { Subject } from '../policy/subject.ts';
import { countNodes, type Node, type NodeOf } from './expression-tree.ts';
import { EVALUATION_UNITS, MAX_ELEMENTS, type RequestWork } from './work-budget.ts';

/** Undefined: ask the library. */
export type UsualTest = (subject: Subject, work: RequestWork) => boolean | undefined;

/** A part of an expression; `item` is what a macro is at. Undefined as soon as anything is not as usual. */
type Part = (subject: Subject, item: Value | undefined) => Value | undefined;
/** Ints of the language are bigints, as in the library. */
type Value = string | boolean | bigint | readonly string[];

/** What a part may refer to besides the variables: the name that the macro around it gave. */
type Scope = string | undefined;

/** With these bounds nothing usual comes near those of one evaluation, so that nothing has to be counted on the way. */
const MAX_NODES = 40;
const MAX_TEXT = 256;
const MAX_ROUNDS = 16;
const methodsOfTexts = new Set(['startsWith', 'endsWith', 'contains']);

/** Undefined where the expression has anything in it that is not usual. It is to be given before a meter is put into it. */
export function usualTest(root: Node): UsualTest | undefined {
  if (countNodes(root) > MAX_NODES) return undefined;
  const part = partOf(root, undefined);
  if (part === undefined) return undefined;
  return (subject, work) => {
    if (subject.unrecorded !== undefined || work.unitsLeft < EVALUATION_UNITS) return undefined;
    const value = part(subject, undefined);
    if (typeof value !== 'boolean') return undefined;
    work.unitsLeft -= EVALUATION_UNITS;
    return value;
  };
}

function partOf({ exprKind }: Node, scope: Scope): Part | undefined {
  switch (exprKind.case) {
    case 'constExpr':
      return constant(exprKind.value);
    case 'identExpr':
      return identifier(exprKind.value.name, scope);
    case 'selectExpr':
      return selection(exprKind.value, scope);
    case 'listExpr':
      return list(exprKind.value);
    case 'callExpr':
      return call(exprKind.value, scope);
    case 'comprehensionExpr':
      return scope === undefined ? macro(exprKind.value) : undefined;
    default:
      return undefined;
  }
}

function constant({ constantKind }: NodeOf<'constExpr'>): Part | undefined {
  const isUsual = constantKind.case === 'stringValue' || constantKind.case === 'boolValue' || constantKind.case === 'int64Value';
  if (!isUsual) return undefined;
  const { value } = constantKind;
  return () => value;
}

function identifier(name: string, scope: Scope): Part | undefined {
  if (name === scope) return (_, item) => item;
  if (scope !== undefined) return undefined;
  switch (name) {
    case 'method':
    case 'server':
    case 'tool':
    case 'prompt':
      return subject => usualValue(subject[name]);
    default:
      return undefined;
  }
}

/** A member of a variable: `args.path`, `principal.roles`, and whether it is there: `has(args.path)`. */
function selection({ operand, field, testOnly }: NodeOf<'selectExpr'>, scope: Scope): Part | undefined {
  const variable = operand?.exprKind.case === 'identExpr' ? operand.exprKind.value.name : undefined;
  if (variable === undefined || variable === scope) return undefined;
  if (variable === 'args') return testOnly ? subject => hasArgument(subject.args, field) : subject => argument(subject.args, field);
  const read = memberOf(variable, field);
  if (read === undefined || testOnly) return undefined;
  return subject => usualValue(read(subject));
}

function memberOf(variable: string, field: string): ((subject: Subject) => unknown) | undefined {
  switch (`${variable}.${field}`) {
    case 'principal.sub':
      return ({ principal }) => principal.sub ?? '';
    case 'principal.iss':
      return ({ principal }) => principal.iss ?? '';
    case 'principal.scopes':
      return ({ principal }) => principal.scopes;
    case 'principal.roles':
      return ({ principal }) => principal.roles;
    case 'client.ip':
      return ({ client }) => client.ip;
    case 'client.name':
      return ({ client }) => client.name;
    case 'client.version':
      return ({ client }) => client.version;
    case 'session.id':
      return ({ session }) => session.id;
    case 'session.era':
      return ({ session }) => session.era;
    case 'resource.uri':
      return ({ resource }) => resource;
    default:
      return undefined;
  }
}

function argument(args: unknown, field: string): Value | undefined {
  return isObject(args) && Object.hasOwn(args, field) ? usualValue(args[field]) : undefined;
}

function hasArgument(args: unknown, field: string): boolean | undefined {
  if (args === undefined || args === null) return false;
  if (!isObject(args)) return undefined;
  if (!Object.hasOwn(args, field)) return false;
  return usualValue(args[field]) === undefined ? undefined : true;
}

function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function usualValue(value: unknown): Value | undefined {
  switch (typeof value) {
    case 'string':
      return value.length <= MAX_TEXT ? value : undefined;
    case 'boolean':
      return value;
    case 'number':
      return Number.isSafeInteger(value) ? BigInt(value) : undefined;
    default:
      return Array.isArray(value) && isUsualList(value) ? value : undefined;
  }
}

function isUsualList(items: readonly unknown[]): items is readonly string[] {
  if (items.length > MAX_ELEMENTS) return false;
  let length = 0;
  for (const item of items) {
    if (typeof item !== 'string') return false;
    length += item.length;
  }
  return length <= MAX_TEXT;
}

function list({ elements }: NodeOf<'listExpr'>): Part | undefined {
  const texts: string[] = [];
  for (const { exprKind } of elements) {
    if (exprKind.case !== 'constExpr' || exprKind.value.constantKind.case !== 'stringValue') return undefined;
    texts.push(exprKind.value.constantKind.value);
  }
  return () => texts;
}

function call({ function: name, target, args }: NodeOf<'callExpr'>, scope: Scope): Part | undefined {
  const parts: Part[] = [];
  for (const node of target === undefined ? args : [target, ...args]) {
    const part = partOf(node, scope);
    if (part === undefined) return undefined;
    parts.push(part);
  }
  // The first one that is false (true) decides; what comes before it was looked at, and has to be as usual.
  if (name === '_&&_') return joined(parts, false);
  if (name === '_||_') return joined(parts, true);
  // As functions they are unknown to the library: `contains(tool, "x")` is an error there.
  if (target === undefined && methodsOfTexts.has(name)) return undefined;
  const [one, other] = parts as [Part, Part];
  if (parts.length === 1) return ofOne(name, one);
  return parts.length === 2 ? ofTwo(name, one, other) : undefined;
}

function joined(parts: readonly Part[], decisive: boolean): Part {
  return (subject, item) => {
    for (const part of parts) {
      const value = part(subject, item);
      if (typeof value !== 'boolean') return undefined;
      if (value === decisive) return decisive;
    }
    return !decisive;
  };
}

function ofOne(name: string, part: Part): Part | undefined {
  switch (name) {
    case '!_':
      return (subject, item) => {
        const value = part(subject, item);
        return typeof value === 'boolean' ? !value : undefined;
      };
    case 'size':
      return (subject, item) => {
        const value = part(subject, item);
        // Of a text: its code points.
        return typeof value === 'string' ? BigInt(Array.from(value).length) : Array.isArray(value) ? BigInt(value.length) : undefined;
      };
    default:
      return undefined;
  }
}

function ofTwo(name: string, one: Part, other: Part): Part | undefined {
  const about = (decide: (left: Value, right: Value) => boolean | undefined): Part => {
    return (subject, item) => {
      const left = one(subject, item);
      if (left === undefined) return undefined;
      const right = other(subject, item);
      return right === undefined ? undefined : decide(left, right);
    };
  };
  const texts = (decide: (left: string, right: string) => boolean) =>
    about((left, right) => (typeof left === 'string' && typeof right === 'string' ? decide(left, right) : undefined));
  const ints = (decide: (left: bigint, right: bigint) => boolean) =>
    about((left, right) => (typeof left === 'bigint' && typeof right === 'bigint' ? decide(left, right) : undefined));
  switch (name) {
    case '_==_':
      return about((left, right) => (areAlike(left, right) ? left === right : undefined));
    case '_!=_':
      return about((left, right) => (areAlike(left, right) ? left !== right : undefined));
    case '_<_':
      return ints((left, right) => left < right);
    case '_<=_':
      return ints((left, right) => left <= right);
    case '_>_':
      return ints((left, right) => left > right);
    case '_>=_':
      return ints((left, right) => left >= right);
    case 'startsWith':
      return texts((left, right) => left.startsWith(right));
    case 'endsWith':
      return texts((left, right) => left.endsWith(right));
    case 'contains':
      return texts((left, right) => left.includes(right));
    case '@in':
      return about((left, right) => (typeof left === 'string' && Array.isArray(right) ? right.includes(left) : undefined));
    default:
      return undefined;
  }
}

/** Two values of one type, and no lists. */
function areAlike(left: Value, right: Value): boolean {
  return typeof left === typeof right && typeof left !== 'object';
}

/** `exists` and `all`, as the parser writes them: `false || …` and `true && …` over all elements, until one decides. */
function macro({ iterVar, iterVar2, iterRange, accuVar, accuInit, loopStep, result }: NodeOf<'comprehensionExpr'>): Part | undefined {
  if (iterRange === undefined || iterVar2 !== '' || !isNamed(result, accuVar) || loopStep?.exprKind.case !== 'callExpr') return undefined;
  const { function: name, args } = loopStep.exprKind.value;
  const [before, step] = args;
  const decisive = name === '_||_';
  if ((!decisive && name !== '_&&_') || args.length !== 2 || !isNamed(before, accuVar) || !isBoolean(accuInit, !decisive)) return undefined;
  const range = partOf(iterRange, undefined);
  const each = step === undefined ? undefined : partOf(step, iterVar);
  if (range === undefined || each === undefined) return undefined;
  return (subject, _) => {
    const items = range(subject, undefined);
    if (!Array.isArray(items) || items.length > MAX_ROUNDS) return undefined;
    for (const item of items as readonly string[]) {
      const value = each(subject, item);
      if (typeof value !== 'boolean') return undefined;
      if (value === decisive) return decisive;
    }
    return !decisive;
  };
}

function isNamed(node: Node | undefined, name: string): boolean {
  return node?.exprKind.case === 'identExpr' && node.exprKind.value.name === name;
}

function isBoolean(node: Node | undefined, value: boolean): boolean {
  const kind = node?.exprKind.case === 'constExpr' ? node.exprKind.value.constantKind : undefined;
  return kind?.case === 'boolValue' && kind.value === value;
}
