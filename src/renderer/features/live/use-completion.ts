/** Completions for the word at the caret: keys of the grammar, then values that really occur. */
import { useEffect, useState } from 'react';
import { filterKeys } from '../../../shared/filters/filter-tree.ts';
import { wordAt } from '../../state/filter-text.ts';
import { useWorkbench } from '../../state/use-workbench.ts';

const MAX_SHOWN = 10;

/** What was last found for a key; perhaps for fewer letters than stand there by now. */
interface Offered {
  readonly key: string | undefined;
  readonly values: readonly string[];
}

/** Who types on and takes the first one at once must not get what fitted a letter ago. */
function fitting({ key, values }: Offered, wantedKey: string | undefined, prefix: string): readonly string[] {
  if (key !== wantedKey) return [];
  const lower = prefix.toLowerCase();
  const isWhole = (value: string) => wantedKey !== undefined && value === prefix;
  return values.filter(value => value.toLowerCase().startsWith(lower) && !isWhole(value)).slice(0, MAX_SHOWN);
}

export function useCompletion(rest: string, caret: number, isFocused: boolean) {
  const { host } = useWorkbench();
  const { key, prefix } = wordAt(rest, caret);
  const [offered, setOffered] = useState<Offered>({ key, values: [] });
  const [index, setIndex] = useState(-1);
  const [isClosed, setClosed] = useState(false);

  useEffect(() => {
    setIndex(-1);
    if (!isFocused) return setOffered({ key, values: [] });
    if (key === undefined) return setOffered({ key, values: prefix === '' ? [] : filterKeys });
    let isCurrent = true;
    host.call('filter.values', { key, prefix }).then(
      ({ values }) => isCurrent && setOffered({ key, values }),
      () => isCurrent && setOffered({ key, values: [] }),
    );
    return () => {
      isCurrent = false;
    };
  }, [host, key, prefix, isFocused]);

  const shown = isClosed || !isFocused ? [] : fitting(offered, key, prefix);
  return {
    key,
    values: shown,
    index,
    /** What Tab takes: the picked one, else the first. */
    active: shown[Math.max(0, index)],
    isPicked: index >= 0 && shown.length > 0,
    move: (by: number) => setIndex(before => (before + by + shown.length) % Math.max(1, shown.length)),
    close: () => setClosed(true),
    reopen: () => setClosed(false),
  };
}
