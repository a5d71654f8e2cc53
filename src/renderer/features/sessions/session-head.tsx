/** The head of the session list; a click sorts. */
import { ArrowDown, ArrowUp } from 'lucide-react';
import type { SessionListState, SessionSort } from '../../state/session-list.ts';
import { cn } from '../../ui/cn.ts';

const heads: readonly { readonly title: string; readonly className: string; readonly sort?: SessionSort }[] = [
  { title: '', className: 's-mark' },
  { title: 'Session', className: 's-name', sort: 'name' },
  { title: 'State', className: 's-state' },
  { title: 'Started', className: 's-started', sort: 'startedAt' },
  { title: 'Length', className: 's-length num' },
  { title: 'Frames', className: 's-frames num', sort: 'frameCount' },
  { title: 'Errors', className: 's-errors num', sort: 'errorCount' },
  { title: 'Size', className: 's-size num', sort: 'sizeBytes' },
  { title: '', className: 's-actions' },
];

interface SessionHeadProps {
  readonly state: SessionListState;
  readonly onSort: (sort: SessionSort, descending: boolean) => void;
}

export function SessionHead({ state, onSort }: SessionHeadProps) {
  return (
    <div className="session-row head" role="row" aria-rowindex={1}>
      {heads.map(({ title, className, sort }) => {
        const isSorted = sort !== undefined && state.sort === sort;
        const direction = state.descending ? 'descending' : 'ascending';
        return (
          <span
            key={className}
            role="columnheader"
            className={cn(className, isSorted && 'sorted')}
            aria-sort={sort === undefined ? undefined : isSorted ? direction : 'none'}
          >
            {sort === undefined ? (
              title === '' ? (
                <span className="sr">{className === 's-mark' ? 'Select' : 'Actions'}</span>
              ) : (
                title
              )
            ) : (
              <button type="button" className="sort" onClick={() => onSort(sort, isSorted ? !state.descending : sort !== 'name')}>
                {title}
                {isSorted &&
                  (state.descending ? <ArrowDown className="i s" aria-hidden="true" /> : <ArrowUp className="i s" aria-hidden="true" />)}
              </button>
            )}
          </span>
        );
      })}
    </div>
  );
}
