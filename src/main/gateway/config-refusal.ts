/** How it is told that a configuration cannot be taken, and why. */
import { TrafficError } from '../../shared/errors/error-table.ts';
import type { ConfigProblem } from '../../shared/model/gateway-state.ts';

/** A configuration that reads well and still cannot be taken: a secret that is not there, a port that is taken. */
export class CannotTake extends Error {
  override readonly name = 'CannotTake';
  readonly problems: readonly ConfigProblem[];

  constructor(problems: readonly ConfigProblem[]) {
    super(problems.map(({ message }) => message).join(' '));
    this.problems = problems;
  }
}

/** What is wrong with it, as far as the error knows. */
export function problemsOf(error: unknown): readonly ConfigProblem[] {
  if (error instanceof CannotTake) return error.problems;
  return [{ line: 0, column: 0, path: '', message: sentenceOf(error) }];
}

/** A port that is taken now may be free in a moment: that is no mistake in the file. */
export function isAddressTaken(error: unknown): boolean {
  return error instanceof TrafficError ? error.code === 'CONFLICT' : (error as NodeJS.ErrnoException).code === 'EADDRINUSE';
}

function sentenceOf(error: unknown): string {
  const { code, address, port } = error as { code?: unknown; address?: unknown; port?: unknown };
  if (code === 'EADDRINUSE')
    return `Port ${String(port)} of ${String(address)} is taken by another program; end that one, or give the listener another port.`;
  if (code === 'EACCES') return `Port ${String(port)} of ${String(address)} may not be used by this user; choose one above 1023.`;
  if (code === 'EADDRNOTAVAIL') return `This machine has no address ${String(address)}; choose one that it has, or 127.0.0.1.`;
  return error instanceof Error ? error.message : String(error);
}

const MAX_TOLD = 5;

/** One problem in a line, as `config check` writes them. */
export function cannotBeTaken(problems: readonly ConfigProblem[], file: string, code: 'BAD_CALL' | 'CONFLICT' = 'BAD_CALL'): TrafficError {
  const told = problems.slice(0, MAX_TOLD).map(({ line, column, path, message, source }) => {
    const place = source !== undefined ? `${source}: ` : line > 0 ? `${file}:${line}:${column}: ` : path === '' ? '' : `${path}: `;
    return `\n${place}${message}`;
  });
  const rest = problems.length > MAX_TOLD ? `\nAnd ${problems.length - MAX_TOLD} more.` : '';
  return new TrafficError(code, `The configuration cannot be taken.${told.join('')}${rest}`);
}

/** CONFLICT: what somebody wanted to change is not what they saw. */
export function changedMeanwhile(path: string): TrafficError {
  return new TrafficError('CONFLICT', `${path} was changed by somebody else meanwhile; read it again.`);
}

/** As they are told to others: what they are made of and nothing else. */
export function plainProblems(problems: readonly ConfigProblem[]): ConfigProblem[] {
  return problems.map(({ line, column, path, message, source }) => ({
    line,
    column,
    path,
    message,
    ...(source === undefined ? {} : { source }),
  }));
}
