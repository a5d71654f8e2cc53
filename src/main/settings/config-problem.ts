/** What is wrong with a configuration: at which key, in which line, and what to do about it. */
import { visibleText } from '../../shared/text/visible-text.ts';

/** Keys and indexes from the top. */
export type ConfigPath = readonly (string | number)[];

/** What a check found, in terms of the configuration alone. */
export interface ConfigFinding {
  /** A path, or its text (`listeners[0].routes[1].path`). */
  readonly path: ConfigPath | string;
  /** A sentence that says what to do. */
  readonly message: string;
  /** Worth a look, but the configuration can be used. */
  readonly isWarning?: boolean;
  /** It is the key that is wrong, not its value. */
  readonly isAboutKey?: boolean;
}

/** A finding with its place in the file. */
export interface ConfigProblem {
  /** From 1. Of a value that does not stand in the file: the place of what is around it. */
  readonly line: number;
  /** From 1, in characters. */
  readonly column: number;
  /** `listeners[0].routes[1].path`; empty for the file as a whole. */
  readonly path: string;
  readonly message: string;
  /** The environment variable or flag that the value came from, where it did not come from the file. */
  readonly source?: string;
}

/** `listeners[0].routes[1].path`; a key that is no plain word stands in quotes: `costs["tools/*"]`. */
export function pathText(path: ConfigPath): string {
  let text = '';
  for (const part of path) {
    if (typeof part === 'number') text += `[${part}]`;
    else if (/^[\w-]+$/.test(part)) text += text === '' ? part : `.${part}`;
    else text += `[${JSON.stringify(part)}]`;
  }
  return text;
}

/** The opposite of `pathText`; `listeners.0.name` is understood as well. Undefined for a text that is no path. */
export function readPath(text: string): ConfigPath | undefined {
  const path: (string | number)[] = [];
  const part = /\.?([^.[\]"]+)|\[(\d+)\]|\[("(?:[^"\\]|\\.)*")\]/y;
  while (part.lastIndex < text.length) {
    const match = part.exec(text);
    if (match === null) return undefined;
    const [, word, index, quoted] = match;
    if (word !== undefined) path.push(/^\d+$/.test(word) ? Number(word) : word);
    else path.push(index === undefined ? (JSON.parse(quoted ?? '""') as string) : Number(index));
  }
  return path;
}

/** `file:line:column: sentence`; of a value from elsewhere `NAME: sentence`. */
export function problemText(
  problem: Pick<ConfigProblem, 'line' | 'column' | 'message'> & { readonly source?: string | undefined },
  file: string,
): string {
  const place = problem.source ?? `${file}:${problem.line}:${problem.column}`;
  return `${place}: ${problem.message}`;
}

/** Something of the file within a sentence: short, in one line, and with nothing that steers a terminal. */
export function quoted(value: unknown): string {
  const text = visibleText(String(value).replaceAll(/\s+/g, ' '));
  const characters = Array.from(text);
  return `"${characters.length > 60 ? `${characters.slice(0, 60).join('')}…` : text}"`;
}
