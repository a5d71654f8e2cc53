/**
 * Puts a meter into an expression: each round of a loop, each text that is compared or searched, each conversion is charged to
 * the work of the evaluation. The planner of the library knows no bounds, so they are written into the tree that it gets.
 */
import { repetitionsIn } from './check-expression.ts';
import { callNode, countNodes, intNode, partsOf, replaceParts, type Node, type NodeOf } from './expression-tree.ts';

/** Names of our functions; no expression can spell them. */
export const own = {
  tick: '@tick',
  weigh: '@weigh',
  glance: '@glance',
  within: '@within',
  short: '@short',
  list: '@list',
  push: '@push',
  pattern: '@pattern',
} as const;

/** A pattern is compiled anew each time. */
const MATCH_UNITS = 3000;
/** Of a conversion, or a look at the calendar. */
const CONVERSION_UNITS = 500;

const compared = new Set(['_==_', '_!=_']);
const searched = new Set(['_<_', '_<=_', '_>_', '_>=_', '_+_', 'size', 'contains', 'startsWith', 'endsWith', 'string', 'bytes']);
const converted = new Set(['int', 'uint', 'double', 'bool', 'timestamp', 'duration']);

export function boundedTree(node: Node): Node {
  if (node.exprKind.case === 'comprehensionExpr') return boundedFold(node, node.exprKind.value);
  replaceParts(node, boundedTree);
  if (node.exprKind.case === 'callExpr') boundCall(node.exprKind.value);
  return node;
}

function boundCall(call: NodeOf<'callExpr'>): void {
  const { function: name, args } = call;
  if (compared.has(name)) call.args = args.map(arg => metered(own.weigh, arg));
  else if (name === '@in') call.args = args.map((arg, at) => metered(at === 0 ? own.weigh : own.within, arg));
  else if (searched.has(name)) wrapAll(call, own.glance);
  else if (name === 'matches') wrapPattern(call);
  else if (converted.has(name) || name.startsWith('get')) wrapAll(call, own.short);
}

function wrapAll(call: NodeOf<'callExpr'>, name: string): void {
  if (call.target !== undefined) call.target = metered(name, call.target);
  call.args = call.args.map(arg => metered(name, arg));
}

/** Costs by the text and by what the pattern grows to. */
function wrapPattern(call: NodeOf<'callExpr'>): void {
  const pattern = call.args.at(-1)?.exprKind;
  const text = pattern?.case === 'constExpr' && pattern.value.constantKind.case === 'stringValue' ? pattern.value.constantKind.value : '';
  const weight = intNode(Math.max(1, text.length) * repetitionsIn(text));
  const wrap = (subject: Node) => callNode(own.pattern, [subject, weight]);
  if (call.target !== undefined) call.target = wrap(call.target);
  else call.args = call.args.map((arg, at) => (at === 0 ? wrap(arg) : arg));
}

/** Literals but texts cost nothing to look at. */
function metered(name: string, node: Node): Node {
  const isPlain = node.exprKind.case === 'constExpr' && node.exprKind.value.constantKind.case !== 'stringValue';
  return isPlain ? node : callNode(name, [node]);
}

function boundedFold(node: Node, fold: NodeOf<'comprehensionExpr'>): Node {
  const { accuVar, accuInit, loopStep, loopCondition } = fold;
  const isList = accuInit?.exprKind.case === 'listExpr';
  const units = (loopStep === undefined ? 0 : countNodes(loopStep)) + (loopCondition === undefined ? 0 : countNodes(loopCondition)) + 2;
  // Before its parts are bounded: the addition that collects results has to be told from those that the reader wrote.
  if (isList && loopStep !== undefined) fold.loopStep = collecting(loopStep, accuVar);
  replaceParts(node, boundedTree);
  if (isList) fold.accuInit = callNode(own.list, []);
  if (fold.loopCondition !== undefined) fold.loopCondition = callNode(own.tick, [fold.loopCondition, intNode(units)]);
  return node;
}

/** `@result + [x]` copies or chains the list each time; pushing onto a list that only this loop knows does neither. */
function collecting(step: Node, accuVar: string): Node {
  const { exprKind } = step;
  if (exprKind.case !== 'callExpr') return step;
  if (exprKind.value.function === '_?_:_') {
    exprKind.value.args = exprKind.value.args.map((arg, at) => (at === 0 ? arg : collecting(arg, accuVar)));
    return step;
  }
  const [accu, added] = exprKind.value.args;
  const isAdding = exprKind.value.function === '_+_' && accu?.exprKind.case === 'identExpr' && accu.exprKind.value.name === accuVar;
  const element = added === undefined ? undefined : partsOf(added)[0];
  return isAdding && element !== undefined ? callNode(own.push, [accu, element]) : step;
}

export const unitsOf = { match: MATCH_UNITS, conversion: CONVERSION_UNITS } as const;
