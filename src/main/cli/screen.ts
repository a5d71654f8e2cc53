/** Where commands write: answers to stdout, remarks to stderr, and tables that fit the terminal. */
import { once } from 'node:events';

export interface Screen {
  readonly isTerminal: boolean;
  readonly columns: number;
  /** Writes part of the answer; resolves when more may be written. */
  write(text: string): Promise<void>;
  /** A remark for a person, on stderr. */
  remark(text: string): void;
  /** The reader of the answer went away, as `| head` does. */
  readonly isClosed: boolean;
}

/** The screen of this process. A closed pipe is no error of ours: it is noted and writing stops. */
export function processScreen(): Screen {
  let isClosed = false;
  process.stdout.on('error', () => (isClosed = true));
  process.stderr.on('error', () => undefined);
  return {
    isTerminal: process.stdout.isTTY,
    columns: process.stdout.columns ?? 0,
    async write(text) {
      if (isClosed || process.stdout.write(text)) return;
      await Promise.race([once(process.stdout, 'drain'), once(process.stdout, 'close')]).catch(() => undefined);
    },
    remark: text => void process.stderr.write(`${text}\n`),
    get isClosed() {
      return isClosed;
    },
  };
}

export interface Column {
  readonly title: string;
  readonly align?: 'right';
}

/** An aligned table; on a terminal each line is cut at its edge, in a pipe nothing is. */
export function table(columns: readonly Column[], rows: readonly (readonly string[])[], width: number): string {
  const cells = [columns.map(({ title }) => title), ...rows.map(row => row.map(printable))];
  const widths = columns.map((_, at) => Math.max(...cells.map(row => displayWidth(row[at] ?? ''))));
  const lines = cells.map(row =>
    row
      .map((cell, at) => padded(cell, widths[at] ?? 0, columns[at]?.align))
      .join('  ')
      .trimEnd(),
  );
  return lines.map(line => `${width > 0 ? cut(line, width) : line}\n`).join('');
}

/** What peers say of themselves must not steer the terminal. */
export function printable(text: string): string {
  // eslint-disable-next-line no-control-regex -- control characters are exactly what is looked for
  return text.replaceAll(/[\u0000-\u001f\u007f-\u009f\u202a-\u202e\u2066-\u2069]+/g, ' ');
}

function padded(cell: string, width: number, align: 'right' | undefined): string {
  const space = ' '.repeat(Math.max(0, width - displayWidth(cell)));
  return align === 'right' ? space + cell : cell + space;
}

function cut(line: string, width: number): string {
  const characters = Array.from(line);
  return characters.length <= width ? line : `${characters.slice(0, width - 1).join('')}…`;
}

/** Characters, not code units; wide scripts may still be off by one column each. */
function displayWidth(text: string): number {
  return Array.from(text).length;
}
