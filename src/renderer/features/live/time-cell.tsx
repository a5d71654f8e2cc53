/** The time of a row in the format that a person chose: time of day, age, or step from the row before. */
import type { Preferences } from '../../../shared/model/preferences.ts';
import { ago, clockTime, dayAndTime, delta } from '../../formats/time.ts';
import { useNow } from '../../state/use-workbench.ts';

interface TimeCellProps {
  readonly at: number;
  readonly beforeAt: number | undefined;
  readonly format: Preferences['timeFormat'];
}

export function TimeCell({ at, beforeAt, format }: TimeCellProps) {
  if (format === 'relative') return <Age at={at} />;
  const text = format === 'clock' ? clockTime(at) : beforeAt === undefined ? '' : delta(at - beforeAt);
  return <span title={dayAndTime(at)}>{text}</span>;
}

function Age({ at }: { readonly at: number }) {
  const now = useNow(true);
  return <span title={dayAndTime(at)}>{ago(now - at)}</span>;
}
