/** Limiter keys: those that were refused last first, then the emptiest, as the host sends them. */
import { Search } from 'lucide-react';
import { useRef, useState } from 'react';
import type { LimitsState } from '../../../shared/model/gateway-state.ts';
import { count, counted } from '../../formats/size.ts';
import { useShortcut } from '../../state/use-shortcut.ts';
import { useWorkbench } from '../../state/use-workbench.ts';
import { limitedFilter, showInLive } from './live-links.ts';
import { LimiterGrid } from './limiter-grid.tsx';
import { keysWith } from './limiter-words.ts';

export function LimiterTable({ limits }: { readonly limits: LimitsState }) {
  const { window: store } = useWorkbench();
  const [search, setSearch] = useState('');
  const field = useRef<HTMLInputElement>(null);
  useShortcut('filter', () => field.current?.focus());
  const { keys, keyCount, admittedCount, refusedCount, shadowCount } = limits;
  const shown = keysWith(keys, search);
  return (
    <section className="card limiters" aria-labelledby="limiters">
      <header className="card-head">
        <h2 id="limiters">Limiters</h2>
        <p className="clip">
          {keyWords(keys.length, keyCount)} · {count(admittedCount)} admitted · {count(refusedCount)} refused
          {shadowCount > 0 && ` · ${count(shadowCount)} would be, in shadow`}
        </p>
        <span className="grow" />
        <div className="field">
          <Search className="i" aria-hidden="true" />
          <input
            ref={field}
            type="search"
            aria-label="Filter limiter keys"
            placeholder="Filter keys"
            value={search}
            onChange={event => setSearch(event.target.value)}
            onKeyDown={event => event.key === 'Escape' && setSearch('')}
          />
        </div>
        <button type="button" className="link" onClick={() => showInLive(store, limitedFilter)}>
          Limited calls in Live
        </button>
      </header>
      {keys.length === 0 ? (
        <p className="card-empty">No key is held: a limit begins to count with the first call, and forgets a key that is full again.</p>
      ) : shown.length === 0 ? (
        <p className="card-empty">No key has “{search}”.</p>
      ) : (
        <LimiterGrid keys={shown} />
      )}
    </section>
  );
}

function keyWords(shown: number, held: number): string {
  return shown < held ? `${count(shown)} of ${counted(held, 'key')} held` : `${counted(held, 'key')} held`;
}
