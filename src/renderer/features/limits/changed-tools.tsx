/** Tools that a server describes otherwise than at first: what differs, and the approval of exactly that. */
import { Wrench } from 'lucide-react';
import type { ToolChangeData } from '../../../shared/model/gateway-desk.ts';
import { visibleText } from '../../../shared/text/visible-text.ts';
import { counted } from '../../formats/size.ts';
import { dayAndTime } from '../../formats/time.ts';
import { textDiff } from './text-diff.ts';

interface ChangedToolsProps {
  readonly changes: readonly ToolChangeData[];
  readonly isConnected: boolean;
  readonly onApprove: (change: ToolChangeData) => void;
}

export function ChangedTools({ changes, isConnected, onApprove }: ChangedToolsProps) {
  if (changes.length === 0) return null;
  return (
    <section className="card changed-tools" aria-labelledby="changed-tools">
      <header className="card-head">
        <h2 id="changed-tools">Changed tools</h2>
        <p className="clip">{counted(changes.length, 'definition')} that nobody has approved: read what a model would read</p>
      </header>
      <ul>
        {changes.map(change => (
          <ChangedTool key={`${change.upstream} ${change.tool}`} change={change} isConnected={isConnected} onApprove={onApprove} />
        ))}
      </ul>
    </section>
  );
}

interface ChangedToolProps {
  readonly change: ToolChangeData;
  readonly isConnected: boolean;
  readonly onApprove: (change: ToolChangeData) => void;
}

function ChangedTool({ change, isConnected, onApprove }: ChangedToolProps) {
  const { upstream, tool, changedAt, isBlocked, members } = change;
  return (
    <li className="changed-tool">
      <div className="changed-head">
        <Wrench className="i warn" aria-hidden="true" />
        <h3 className="clip">
          {visibleText(tool)} <span className="quiet">at {upstream}</span>
        </h3>
        <span className={isBlocked ? 'badge denied' : 'badge warn'}>{isBlocked ? 'calls refused' : 'calls pass'}</span>
        <span className="quiet">changed {dayAndTime(changedAt)}</span>
        <span className="grow" />
        <button
          type="button"
          className="btn"
          disabled={!isConnected}
          aria-label={`Approve ${visibleText(tool)} at ${upstream}`}
          title={`From now on this definition is the pinned one (${change.digest})`}
          onClick={() => onApprove(change)}
        >
          Approve
        </button>
      </div>
      {members.map(({ member, before, after }) => {
        const diff = textDiff(visibleText(before?.text ?? ''), visibleText(after?.text ?? ''));
        return (
          <div key={member} className="member">
            <span className="quiet">{member}</span>
            <p className="member-text">
              {diff.head}
              {diff.removed !== '' && (
                <del>
                  <span className="sr">removed: </span>
                  {diff.removed}
                </del>
              )}
              {diff.added !== '' && (
                <ins>
                  <span className="sr">added: </span>
                  {diff.added}
                </ins>
              )}
              {diff.tail}
              {diff.removed === '' && diff.added === '' && <i className="quiet">differs beyond the part that is kept</i>}
            </p>
          </div>
        );
      })}
    </li>
  );
}
