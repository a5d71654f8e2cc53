/** The time of a row in the format that a person chose: time of day, age, or step from the row before. */
import { ago, clockTime, dayAndTime, delta } from '../../formats/time.ts';
import { useNow, usePreferences } from '../../state/use-workbench.ts';

interface TimeCellProps {
  readonly at: number;
  readonly beforeAt: number | undefined;
  /** The step column, whatever the format of the time column. */
  readonly isStep?: boolean;
}

export function TimeCell({ at, beforeAt, isStep = false }: TimeCellProps) {
  const { timeFormat } = usePreferences();
  const now = useNow(timeFormat === 'relative' && !isStep);
  if (isStep || timeFormat === 'delta') return <span title={dayAndTime(at)}>{beforeAt === undefined ? '' : delta(at - beforeAt)}</span>;
  if (timeFormat === 'relative') return <span title={dayAndTime(at)}>{ago(now - at)}</span>;
  return <span title={dayAndTime(at)}>{clockTime(at)}</span>;
}
