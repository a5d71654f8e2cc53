/** Logs as lines on stderr, one log for each component: JSON for programs, or text for people. Events with facts, no payloads, no secrets. */
import type { Clock, ComponentLogs, Logger, LogLevel } from '../ports.ts';
import { addRedacted, cutText, pathMatcher, withoutSecrets } from './log-redaction.ts';

export const logLevels = ['debug', 'info', 'warn', 'error', 'silent'] as const satisfies readonly LogLevel[];

export interface ComponentLogsOptions {
  readonly level: LogLevel;
  /** A person named the level: a configuration does not change it. */
  readonly isLevelNamed?: boolean;
  readonly clock: Clock;
  readonly write: (line: string) => void;
  /** Paths of facts that are never shown, besides those whose names announce a secret. */
  readonly hiddenPaths?: readonly string[];
  /** Values that never appear, wherever they stand: the resolved secrets of the configuration. Asked for each line. */
  readonly secretValues?: () => Iterable<string>;
}

type Word = Exclude<LogLevel, 'silent'>;
const MAX_COMPONENTS = 100;
const noValues: readonly string[] = [];

export function componentLogs({
  level,
  clock,
  write,
  hiddenPaths = [],
  secretValues = () => noValues,
  isLevelNamed = false,
}: ComponentLogsOptions): ComponentLogs {
  let usual: LogLevel = level;
  let hidden = secretValues;
  let format: 'json' | 'text' = 'json';
  const own = new Map<string, LogLevel>();
  const isHidden = pathMatcher(hiddenPaths);

  const say = (component: string, of: Word, message: string, facts: Readonly<Record<string, unknown>> | undefined) => {
    if (logLevels.indexOf(of) < logLevels.indexOf(own.get(component) ?? usual)) return;
    const at = new Date(clock.now()).toISOString();
    const text = cutText(message);
    const shown: Record<string, unknown> = {};
    if (format === 'json') {
      shown['at'] = at;
      shown['level'] = of;
      if (component !== '') shown['component'] = component;
      shown['message'] = text;
    }
    if (facts !== undefined) addRedacted(shown, facts, isHidden);
    const line = format === 'json' ? JSON.stringify(shown) : textLine({ at, of, component, text, facts: shown });
    write(`${withoutSecrets(line, hidden())}\n`);
  };
  return {
    of(component): Logger {
      const at = (of: Word) => (message: string, facts?: Record<string, unknown>) => say(component, of, message, facts);
      return { debug: at('debug'), info: at('info'), warn: at('warn'), error: at('error') };
    },
    setLevel(component, wish) {
      if (component === undefined) usual = wish;
      else if (own.has(component) || own.size < MAX_COMPONENTS) own.set(component, wish);
    },
    levels: () => ({ all: usual, ...Object.fromEntries(own) }),
    hideValues(values) {
      hidden = values;
    },
    configure(logging) {
      if (!isLevelNamed) usual = logging.level;
      format = logging.format;
      own.clear();
      for (const [component, wish] of Object.entries(logging.levels).slice(0, MAX_COMPONENTS)) own.set(component, wish);
    },
  };
}

interface Line {
  readonly at: string;
  readonly of: Word;
  readonly component: string;
  readonly text: string;
  readonly facts: Readonly<Record<string, unknown>>;
}

/** `2026-11-22T00:00:00.000Z WARN  upstream: message  key=value`; one line, whatever stands in it. */
function textLine({ at, of, component, text, facts }: Line): string {
  const shown = Object.entries(facts).flatMap(([name, value]) => (value === undefined ? [] : [`${name}=${JSON.stringify(value)}`]));
  const subject = component === '' ? '' : `${component}: `;
  return [`${at} ${of.toUpperCase().padEnd(5)} ${subject}${text.replaceAll(/[\r\n]+/g, ' ')}`, ...shown].join('  ');
}
