/** The tree of a parsed expression: its nodes, their parts, and how to make new ones. */
import { parse } from '@bufbuild/cel';

export type Node = NonNullable<ReturnType<typeof parse>['expr']>;
type Kinds = Node['exprKind'];
export type NodeOf<K extends Kinds['case']> = Extract<Kinds, { case: K }>['value'];

/** Parts in the order in which they stand. Macros are comprehensions by now. */
export function partsOf({ exprKind }: Node): Node[] {
  switch (exprKind.case) {
    case 'selectExpr':
      return present([exprKind.value.operand]);
    case 'callExpr':
      return present([exprKind.value.target, ...exprKind.value.args]);
    case 'listExpr':
      return exprKind.value.elements;
    case 'structExpr':
      return exprKind.value.entries.flatMap(({ keyKind, value }) =>
        present([keyKind.case === 'mapKey' ? keyKind.value : undefined, value]),
      );
    case 'comprehensionExpr': {
      const { iterRange, accuInit, loopCondition, loopStep, result } = exprKind.value;
      return present([iterRange, accuInit, loopCondition, loopStep, result]);
    }
    default:
      return [];
  }
}

/** The same node with every part replaced. Nodes are ours alone once they are parsed, so that they are changed in place. */
export function replaceParts(node: Node, replace: (part: Node) => Node): void {
  const { exprKind } = node;
  const replaced = (part: Node | undefined) => (part === undefined ? {} : replace(part));
  switch (exprKind.case) {
    case 'selectExpr':
      Object.assign(exprKind.value, { operand: replaced(exprKind.value.operand) });
      return;
    case 'callExpr':
      if (exprKind.value.target !== undefined) Object.assign(exprKind.value, { target: replace(exprKind.value.target) });
      exprKind.value.args = exprKind.value.args.map(replace);
      return;
    case 'listExpr':
      exprKind.value.elements = exprKind.value.elements.map(replace);
      return;
    case 'structExpr':
      for (const entry of exprKind.value.entries) {
        if (entry.keyKind.case === 'mapKey') entry.keyKind.value = replace(entry.keyKind.value);
        Object.assign(entry, { value: replaced(entry.value) });
      }
      return;
    case 'comprehensionExpr': {
      const fold = exprKind.value;
      const { iterRange, accuInit, loopCondition, loopStep, result } = fold;
      Object.assign(fold, {
        iterRange: replaced(iterRange),
        accuInit: replaced(accuInit),
        loopCondition: replaced(loopCondition),
        loopStep: replaced(loopStep),
        result: replaced(result),
      });
      return;
    }
    default:
  }
}

/** Nodes in it, itself included. */
export function countNodes(node: Node): number {
  let count = 1;
  for (const part of partsOf(node)) count += countNodes(part);
  return count;
}

/** A call of one of our own functions. */
export function callNode(name: string, args: readonly Node[]): Node {
  const node = template('f()');
  if (node.exprKind.case !== 'callExpr') throw new Error('A call did not parse as a call');
  node.exprKind.value.function = name;
  node.exprKind.value.args = [...args];
  return node;
}

export function intNode(value: number): Node {
  return template(String(value));
}

function template(text: string): Node {
  const { expr } = parse(text);
  if (expr === undefined) throw new Error(`${text} did not parse`);
  return expr;
}

function present(parts: readonly (Node | undefined)[]): Node[] {
  return parts.filter(part => part !== undefined);
}
