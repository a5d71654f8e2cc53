/** The cell of a row's time, in the format that a person chose: time of day, age, or step from the row before. */
import type { Preferences } from '../../../shared/model/preferences.ts';
import { ago, clockTime, dayAndTime, delta } from '../../formats/time.ts';
import { isClipped } from './exchange-cell.tsx';
import { useNow } from '../../state/use-workbench.ts';

interface TimeCellProps {
  readonly at: number;
  readonly beforeAt: number | undefined;
  readonly format: Preferences['timeFormat'];
  readonly column?: 'time' | 'delta';
  /** Least pixels of the column, where they are known. */
  readonly room: number | undefined;
}

export function TimeCell({ at, beforeAt, format, column = 'time', room }: TimeCellProps) {
  return (
    <span role="gridcell" className={isClipped(column, undefined, room) ? `c-${column} clip` : `c-${column}`} title={dayAndTime(at)}>
      {format === 'relative' ? <Age at={at} /> : format === 'clock' ? clockTime(at) : beforeAt === undefined ? '' : delta(at - beforeAt)}
    </span>
  );
}

function Age({ at }: { readonly at: number }) {
  return ago(useNow(true) - at);
}
