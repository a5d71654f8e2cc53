/** Where commands write: answers to stdout, remarks to stderr, and tables that fit the terminal. */
import type { Writable } from 'node:stream';
import { visibleText } from '../../shared/text/visible-text.ts';

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

/** The screen of this process. */
export function processScreen(): Screen {
  return screenOn(process.stdout, process.stderr);
}

type Output = Writable & { readonly isTTY?: boolean; readonly columns?: number };

/** A screen on two streams. A closed pipe is no error of ours: it is noted and writing stops. */
export function screenOn(stdout: Output, stderr: Writable): Screen {
  let isClosed = false;
  // One listener each for the life of the screen: one per write would pile up while a slow pipe is waited for again and again.
  let waiting: (() => void)[] = [];
  const release = () => {
    const released = waiting;
    waiting = [];
    for (const go of released) go();
  };
  stdout.on('drain', release);
  stdout.on('error', () => {
    isClosed = true;
    release();
  });
  stdout.on('close', () => {
    isClosed = true;
    release();
  });
  stderr.on('error', () => undefined);
  return {
    isTerminal: stdout.isTTY ?? false,
    columns: stdout.columns ?? 0,
    async write(text) {
      if (isClosed || stdout.write(text)) return;
      await new Promise<void>(resolve => waiting.push(resolve));
    },
    remark: text => void stderr.write(`${visibleText(text)}\n`),
    get isClosed() {
      return isClosed;
    },
  };
}

export interface Column {
  readonly title: string;
  readonly align?: 'right';
}

/** One long cell widens its column in every line; the whole text is in `--json`. */
const MAX_CELL_CHARACTERS = 200;

/** An aligned table of short cells; on a terminal each line is cut at its edge too. */
export function table(columns: readonly Column[], rows: readonly (readonly string[])[], width: number): string {
  const cells = [columns.map(({ title }) => title), ...rows.map(row => row.map(cellOf))];
  const widths = columns.map((_, at) => Math.max(...cells.map(row => displayWidth(row[at] ?? ''))));
  const lines = cells.map(row =>
    row
      .map((cell, at) => padded(cell, widths[at] ?? 0, columns[at]?.align))
      .join('  ')
      .trimEnd(),
  );
  return lines.map(line => `${width > 0 ? cut(line, width) : line}\n`).join('');
}

/** What peers say of themselves must neither steer the terminal nor pass for something else, and stays in its line. */
export function printable(text: string): string {
  return visibleText(text.replaceAll(/[\t\r\n]+/g, ' '));
}

function cellOf(text: string): string {
  // No more is looked at than can be shown: a character is at most two units.
  return cut(printable(text.slice(0, 2 * (MAX_CELL_CHARACTERS + 1))), MAX_CELL_CHARACTERS);
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
