/** Problems and warnings of the host as marks in the text. */
import type { Diagnostic } from '@codemirror/lint';
import type { Text } from '@codemirror/state';
import type { ConfigProblem } from '../../../shared/model/gateway-state.ts';

interface Found {
  readonly problems: readonly ConfigProblem[];
  readonly warnings: readonly ConfigProblem[];
}

export function diagnosticsOf(doc: Text, { problems, warnings }: Found): Diagnostic[] {
  const marks = [
    ...problems.map(problem => ({ severity: 'error' as const, problem })),
    ...warnings.map(problem => ({ severity: 'warning' as const, problem })),
  ];
  return marks
    .filter(({ problem }) => problem.source === undefined)
    .map(({ severity, problem: { line, column, message } }) => ({ severity, message, ...rangeAt(doc, line, column) }))
    .sort((a, b) => a.from - b.from);
}

/** From the place to the end of its word; a problem without a place stands at the first line. */
function rangeAt(doc: Text, line: number, column: number): { from: number; to: number } {
  const { from, to, text } = doc.line(Math.min(Math.max(line, 1), doc.lines));
  const start = Math.min(Math.max(column - 1, 0), text.length);
  const word = /^["']?[^\s,\]}#]*/.exec(text.slice(start))?.[0].length ?? 0;
  return { from: from + start, to: Math.min(from + start + Math.max(word, 1), to) };
}
