/** One policy of the list: its sentence, its mode, and what can be done with it. */
import { Copy, Trash2 } from 'lucide-react';
import { visibleText } from '../../../shared/text/visible-text.ts';
import type { PolicyCard as Card } from '../../state/policy-cards.ts';
import { counted } from '../../formats/size.ts';
import { dayAndTime, shortMoment } from '../../formats/time.ts';
import { useNow } from '../../state/use-workbench.ts';
import { cn } from '../../ui/cn.ts';
import { IconButton } from '../../ui/icon-button.tsx';
import { ModeChoice } from './mode-choice.tsx';
import { PolicySentence } from './policy-sentence.tsx';

export interface PolicyHits {
  readonly count: number;
  /** Undefined as long as nothing came to it. */
  readonly lastAt: number | undefined;
}

interface PolicyCardProps {
  readonly card: Card;
  readonly isCurrent: boolean;
  /** Why nothing can be removed from the file now. */
  readonly keptBecause: string | undefined;
  /** Undefined where nobody counts. */
  readonly hits: PolicyHits | undefined;
  readonly onOpen: () => void;
  readonly onMode: (mode: string) => void;
  readonly onDuplicate: () => void;
  readonly onRemove: () => void;
}

const badges = { edited: 'edited, not saved', new: 'not saved', removed: 'left out of the draft' } as const;

export function PolicyCard({ card, isCurrent, keptBecause, hits, onOpen, onMode, onDuplicate, onRemove }: PolicyCardProps) {
  const { policy, state, index } = card;
  const name = policy.id === '' ? 'without a name' : visibleText(policy.id);
  return (
    <li className={cn('card policy', policy.mode === 'off' && 'off', state)} aria-current={isCurrent || undefined}>
      {/* A click anywhere opens it; the name is the button for keys and readers. */}
      {/* oxlint-disable-next-line jsx-a11y/click-events-have-key-events, jsx-a11y/no-static-element-interactions */}
      <div className="policy-open" onClick={index === undefined ? undefined : onOpen}>
        <PolicySentence policy={policy} />
      </div>
      <div className="meta">
        <button type="button" className="link-title mono clip" disabled={index === undefined} onClick={onOpen} title={`Edit ${name}`}>
          {name}
        </button>
        {state === 'saved' ? <Hits hits={hits} /> : <span className="badge warn">{badges[state]}</span>}
        <span className="end">
          {state === 'new' ? (
            <span className="badge">{policy.mode}</span>
          ) : (
            <ModeChoice label={`Mode of ${name}`} value={policy.mode} onChange={onMode} />
          )}
          <IconButton icon={Copy} label={`Duplicate ${name}`} onClick={onDuplicate} />
          {state !== 'new' && (
            <IconButton
              icon={Trash2}
              label={keptBecause === undefined ? `Remove ${name}` : `Remove ${name}: ${keptBecause}`}
              disabled={keptBecause !== undefined}
              onClick={onRemove}
            />
          )}
        </span>
      </div>
    </li>
  );
}

function Hits({ hits }: { readonly hits: PolicyHits | undefined }) {
  const now = useNow(false);
  if (hits === undefined) return null;
  const { count: times, lastAt } = hits;
  return (
    <span
      className="hits"
      title={`Calls that it decided or noted since the host started${lastAt === undefined ? '' : `, the last ${dayAndTime(lastAt)}`}`}
    >
      {lastAt === undefined ? 'no hits' : `${counted(times, 'hit')}, last ${shortMoment(lastAt, now)}`}
    </span>
  );
}
