/** What an expression may be made of: bounded in size, and of names that exist, so that a slip of the pen is found when it is written. */
import { partsOf, type Node } from './expression-tree.ts';
import { fieldsOf, variableNames } from './variables.ts';
import { MAX_ELEMENTS } from './work-budget.ts';

export const MAX_NODES = 500;
export const MAX_DEPTH = 30;
export const MAX_NESTED_MACROS = 2;
const MAX_PATTERN_LENGTH = 200;
/** Product of the counted repetitions of a pattern: a pattern becomes as large as they say. */
const MAX_REPETITIONS = 1000;

/** A sentence that says what is wrong with an expression. */
export class ExpressionError extends Error {
  override readonly name = 'ExpressionError';
}

export interface CheckedExpression {
  /** The variables that it looks at. */
  readonly variables: ReadonlySet<string>;
}

/** Functions and methods of the language, by the names that a reader writes. */
const functionNames = new Set([
  'size',
  'contains',
  'startsWith',
  'endsWith',
  'matches',
  'int',
  'uint',
  'double',
  'string',
  'bool',
  'bytes',
  'timestamp',
  'duration',
  'type',
  'dyn',
  'getFullYear',
  'getMonth',
  'getDate',
  'getDayOfMonth',
  'getDayOfWeek',
  'getDayOfYear',
  'getHours',
  'getMinutes',
  'getSeconds',
  'getMilliseconds',
]);
const typeNames = new Set(['int', 'uint', 'double', 'bool', 'string', 'bytes', 'list', 'map', 'null_type', 'type']);
/** What operators and macros are called in the tree. */
const operators = /^(?:[!-]_|_(?:[<>=!]=?|==|&&|\|\||[-+*/%])_|_\?_:_|_\[_\]|@in|@not_strictly_false)$/;

/** Throws an ExpressionError. */
export function checkExpression(root: Node): CheckedExpression {
  const state: State = { variables: new Set(), nodeCount: 0 };
  check(root, { depth: 1, macros: 0, scope: new Set() }, state);
  return { variables: state.variables };
}

interface State {
  readonly variables: Set<string>;
  nodeCount: number;
}

interface Place {
  readonly depth: number;
  readonly macros: number;
  /** Names that macros gave. */
  readonly scope: ReadonlySet<string>;
}

function check(node: Node, place: Place, state: State): void {
  state.nodeCount += 1;
  if (state.nodeCount > MAX_NODES) throw new ExpressionError(`It has more than ${MAX_NODES} parts.`);
  if (place.depth > MAX_DEPTH) throw new ExpressionError(`It is nested more than ${MAX_DEPTH} levels deep.`);
  const { exprKind } = node;
  const inside = { ...place, depth: place.depth + 1 };
  switch (exprKind.case) {
    case 'identExpr':
      checkName(exprKind.value.name, place.scope, state);
      return;
    case 'selectExpr':
      checkField(node, place.scope);
      break;
    case 'callExpr':
      checkCall(exprKind.value.function, node);
      break;
    case 'listExpr':
      if (exprKind.value.elements.length > MAX_ELEMENTS) throw new ExpressionError(`A list has more than ${MAX_ELEMENTS} elements.`);
      break;
    case 'structExpr':
      if (exprKind.value.messageName !== '') throw new ExpressionError(`There is no type ${exprKind.value.messageName}.`);
      break;
    case 'comprehensionExpr': {
      const { iterVar, iterVar2, accuVar } = exprKind.value;
      const macros = place.macros + 1;
      if (macros > MAX_NESTED_MACROS)
        throw new ExpressionError(`all, exists, exists_one, map and filter are nested more than ${MAX_NESTED_MACROS} deep.`);
      const scope = new Set([...place.scope, iterVar, iterVar2, accuVar].filter(name => name !== ''));
      for (const part of partsOf(node)) check(part, { ...inside, macros, scope }, state);
      return;
    }
    default:
  }
  for (const part of partsOf(node)) check(part, inside, state);
}

function checkName(name: string, scope: ReadonlySet<string>, { variables }: State): void {
  if (scope.has(name) || typeNames.has(name)) return;
  if (!variableNames.has(name)) throw new ExpressionError(`There is no ${name}; there are ${[...variableNames].sort().join(', ')}.`);
  variables.add(name);
}

/** `principal.role` would never be there: better said now than denied later. */
function checkField({ exprKind }: Node, scope: ReadonlySet<string>): void {
  if (exprKind.case !== 'selectExpr') return;
  const { operand, field } = exprKind.value;
  if (operand?.exprKind.case !== 'identExpr') return;
  const { name } = operand.exprKind.value;
  const fields = scope.has(name) ? undefined : fieldsOf(name);
  if (fields !== undefined && !fields.includes(field)) throw new ExpressionError(`${name} has no ${field}; it has ${fields.join(', ')}.`);
}

function checkCall(name: string, { exprKind }: Node): void {
  if (exprKind.case !== 'callExpr') return;
  if (!functionNames.has(name) && !operators.test(name)) throw new ExpressionError(`There is no function ${name}.`);
  if (name !== 'matches') return;
  const pattern = exprKind.value.args.at(-1)?.exprKind;
  const text =
    pattern?.case === 'constExpr' && pattern.value.constantKind.case === 'stringValue' ? pattern.value.constantKind.value : undefined;
  if (text === undefined) throw new ExpressionError('The pattern of matches has to be written out.');
  if (text.length > MAX_PATTERN_LENGTH) throw new ExpressionError(`A pattern is longer than ${MAX_PATTERN_LENGTH} characters.`);
  if (repetitionsIn(text) > MAX_REPETITIONS)
    throw new ExpressionError(`The repetitions of a pattern multiply to more than ${MAX_REPETITIONS}.`);
}

/** An upper bound of how often a pattern repeats a part of itself. */
export function repetitionsIn(pattern: string): number {
  let product = 1;
  for (const [, from = '1', to] of pattern.matchAll(/\{(\d{1,6})(?:,(\d{0,6}))?\}/g))
    product *= Math.max(1, Number(from), Number(to ?? '1'));
  return product;
}
