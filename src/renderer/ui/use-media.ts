/** Whether a media query holds. */
import { useCallback, useSyncExternalStore } from 'react';

export function useMedia(query: string): boolean {
  const subscribe = useCallback(
    (listener: () => void) => {
      const list = window.matchMedia(query);
      list.addEventListener('change', listener);
      return () => list.removeEventListener('change', listener);
    },
    [query],
  );
  return useSyncExternalStore(subscribe, () => window.matchMedia(query).matches);
}

/** A strip beside an editor: rows of two lines, no sources, detail over the table. */
export const NARROW = '(max-width: 699px)';
/** Too narrow for table and detail side by side. */
export const MEDIUM = '(max-width: 1239px)';
