/** The rail of pages. */
import { Activity, Archive, Gauge, ShieldCheck, SlidersHorizontal, type LucideIcon } from 'lucide-react';
import { counted } from '../formats/size.ts';
import { shortcuts } from '../state/shortcuts.ts';
import { useOpenBreakerCount, useStatus, useWindow, useWorkbench } from '../state/use-workbench.ts';
import type { Page } from '../state/window-store.ts';
import { cn } from '../ui/cn.ts';

const entries: readonly { readonly page: Page; readonly title: string; readonly icon: LucideIcon; readonly isLast?: boolean }[] = [
  { page: 'live', title: 'Live', icon: Activity },
  { page: 'sessions', title: 'Sessions', icon: Archive },
  { page: 'policies', title: 'Policies', icon: ShieldCheck },
  { page: 'limits', title: 'Limits', icon: Gauge },
  { page: 'settings', title: 'Settings', icon: SlidersHorizontal, isLast: true },
];

export function Rail() {
  const { window: store } = useWorkbench();
  const current = useWindow(state => state.page);
  const pending = useStatus()?.pendingCount ?? 0;
  const openBreakers = useOpenBreakerCount();
  return (
    <nav className="rail" aria-label="Pages">
      {entries.map(({ page, title, icon: Icon, isLast }) => (
        <button
          key={page}
          type="button"
          className={cn(isLast === true && 'end')}
          aria-current={current === page ? 'page' : undefined}
          title={`${title} (${shortcuts[page].shown.join(' ')})`}
          onClick={() => store.goTo(page)}
        >
          <Icon className="i l" aria-hidden="true" />
          <span>{title}</span>
          {page === 'live' && pending > 0 && current !== 'live' && (
            <b className="dot">
              <span className="sr">{pending} pending</span>
            </b>
          )}
          {page === 'limits' && openBreakers > 0 && (
            <b className="dot error">
              <span className="sr">{counted(openBreakers, 'breaker')} open</span>
            </b>
          )}
        </button>
      ))}
    </nav>
  );
}
