/** Completions for the word at the caret: keys of the grammar, then values that really occur. */
import { useEffect, useState } from 'react';
import { filterKeys } from '../../../shared/filters/filter-tree.ts';
import { wordAt } from '../../state/filter-text.ts';
import { useWorkbench } from '../../state/use-workbench.ts';

const MAX_SHOWN = 10;

export function useCompletion(rest: string, caret: number, isFocused: boolean) {
  const { host } = useWorkbench();
  const { key, prefix } = wordAt(rest, caret);
  const [values, setValues] = useState<readonly string[]>([]);
  const [index, setIndex] = useState(-1);
  const [isClosed, setClosed] = useState(false);

  useEffect(() => {
    setIndex(-1);
    if (!isFocused) return setValues([]);
    if (key === undefined) return setValues(prefix === '' ? [] : filterKeys.filter(known => known.startsWith(prefix)));
    let isCurrent = true;
    host.call('filter.values', { key, prefix }).then(
      answer => isCurrent && setValues(answer.values.filter(value => value !== prefix).slice(0, MAX_SHOWN)),
      () => isCurrent && setValues([]),
    );
    return () => {
      isCurrent = false;
    };
  }, [host, key, prefix, isFocused]);

  const shown = isClosed || !isFocused ? [] : values;
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
