/** Words about a moment ahead that count down by themselves, on their own, because they change every second. */
import { useNow } from '../../state/use-workbench.ts';
import { spanWords } from './time-words.ts';

interface CountdownProps {
  /** Epoch ms. */
  readonly until: number;
  readonly before: string;
  /** Instead of all when the moment has come. */
  readonly over: string;
}

export function Countdown({ until, before, over }: CountdownProps) {
  const left = until - useNow(true);
  return <>{left <= 0 ? over : `${before} ${spanWords(left)}`}</>;
}
