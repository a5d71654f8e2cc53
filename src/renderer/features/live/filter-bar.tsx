/** The filter bar: text and chips, how much matches, saved filters, what the table shows. */
import { Columns3, Star } from 'lucide-react';
import { useSyncExternalStore } from 'react';
import { count } from '../../formats/size.ts';
import { columnIds, columns, columnsFor, withColumnToggled } from '../../state/columns.ts';
import { useAct, usePreferences, useWindow, useWorkbench } from '../../state/use-workbench.ts';
import { DropMenu, MenuCheck, MenuItem, MenuLine } from '../../ui/drop-menu.tsx';
import { IconButton } from '../../ui/icon-button.tsx';
import { Segmented } from '../../ui/segmented.tsx';
import { FilterInput } from './filter-input.tsx';

/** A saved filter is named after its text where that is short. */
const MAX_NAME = 40;

export function FilterBar() {
  const { window: store, preferences } = useWorkbench();
  const act = useAct();
  const mode = useWindow(state => state.mode);
  const filter = useWindow(state => state.filter);
  const { savedFilters } = usePreferences();
  const isSaved = savedFilters.some(saved => saved.text === filter);
  return (
    <div className="filter" role="search" aria-label="Filter">
      <Segmented
        label="Rows"
        value={mode}
        options={[
          { value: 'exchanges', label: 'Exchanges', title: 'A request with all that belongs to it is one row (⇧F)' },
          { value: 'frames', label: 'Frames', title: 'Every message is a row (⇧F)' },
        ]}
        onChange={store.setMode}
      />
      <FilterInput />
      <Hits />
      <span className="saved">
        {savedFilters.slice(0, 4).map(saved => (
          <button
            key={saved.name}
            type="button"
            className="btn plain"
            aria-pressed={saved.text === filter}
            title={saved.text}
            onClick={() => store.setFilter(saved.text === filter ? '' : saved.text)}
          >
            {saved.name}
          </button>
        ))}
      </span>
      <IconButton
        icon={Star}
        label={isSaved ? 'Forget this saved filter' : 'Save this filter'}
        aria-pressed={isSaved}
        disabled={filter === ''}
        onClick={() =>
          act(() =>
            preferences.set({
              savedFilters: isSaved
                ? savedFilters.filter(saved => saved.text !== filter)
                : [...savedFilters, { name: filter.slice(0, MAX_NAME), text: filter }],
            }),
          )
        }
      />
      <ColumnsMenu />
    </div>
  );
}

/** On its own, because it changes with every message. */
function Hits() {
  const { timeline } = useWorkbench();
  const { matched, total, progress } = useSyncExternalStore(timeline.subscribe, timeline.state);
  return (
    <span className="hits">
      <b>{count(matched)}</b> of {count(total)}
      {progress < 1 && <progress value={progress} aria-label="Search in progress" />}
    </span>
  );
}

function ColumnsMenu() {
  const { window: store, preferences } = useWorkbench();
  const act = useAct();
  const { columns: chosen, detailDock } = usePreferences();
  const requestsOnly = useWindow(state => state.requestsOnly);
  // What fits is measured by the table; here the widest set stands in until a person chooses.
  const shown = columnsFor(document.querySelector('.table-pane')?.clientWidth ?? 1100, chosen);
  return (
    <DropMenu icon={Columns3} label="Columns and view">
      {columnIds.map(id => (
        <MenuCheck
          key={id}
          isChecked={shown.includes(id)}
          onChange={() => act(() => preferences.set({ columns: withColumnToggled(shown, chosen, id) }))}
        >
          {columns[id].name}
        </MenuCheck>
      ))}
      <MenuItem onPick={() => act(() => preferences.set({ columns: [] }))}>Choose by width again</MenuItem>
      <MenuLine />
      <MenuCheck isChecked={!requestsOnly} onChange={() => store.setRequestsOnly(!requestsOnly)}>
        Notifications and logs
      </MenuCheck>
      <MenuCheck
        isChecked={detailDock === 'bottom'}
        onChange={() => act(() => preferences.set({ detailDock: detailDock === 'bottom' ? 'auto' : 'bottom' }))}
      >
        Detail below the table
      </MenuCheck>
    </DropMenu>
  );
}
