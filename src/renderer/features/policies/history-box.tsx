/** The newest configurations that were in force, what each has otherwise than now, and the way back to it. */
import { useState } from 'react';
import type { ConfigVersion } from '../../../shared/model/gateway-state.ts';
import { visibleText } from '../../../shared/text/visible-text.ts';
import { dayAndTime } from '../../formats/time.ts';
import { useCall } from '../../state/use-workbench.ts';
import { Modal } from '../../ui/modal.tsx';
import { ConfirmBox } from './confirm-box.tsx';
import { DiffView } from './diff-view.tsx';

interface HistoryBoxProps {
  /** Grows with what is in force, so that the list is asked for again. */
  readonly inForce: string | undefined;
  readonly hasDraft: boolean;
  readonly onRollback: (version: ConfigVersion) => void;
  readonly onClose: () => void;
}

export function HistoryBox({ inForce, hasDraft, onRollback, onClose }: HistoryBoxProps) {
  const versions = useCall('config.history', {}, inForce ?? 'none').value?.versions ?? [];
  const [picked, setPicked] = useState<string>();
  const [isAsking, setAsking] = useState(false);
  const current = versions.find(({ isInForce }) => isInForce);
  const version = versions.find(({ hash }) => hash === picked) ?? versions.find(({ isInForce }) => !isInForce) ?? current;
  return (
    <Modal label="History" className="sheet history" onClose={onClose}>
      <div className="sheet-head">
        <h2>History</h2>
        <button type="button" className="btn" onClick={onClose}>
          Close
        </button>
      </div>
      {version === undefined ? (
        <p className="quiet">No configuration was in force yet.</p>
      ) : (
        <div className="history-parts">
          <Versions versions={versions} picked={version.hash} onPick={setPicked} />
          <GoingBack version={version} current={current} onRollback={() => setAsking(true)} />
        </div>
      )}
      {isAsking && version !== undefined && (
        <ConfirmBox title="Roll back?" confirm="Roll back" onConfirm={() => onRollback(version)} onClose={() => setAsking(false)}>
          The configuration of {dayAndTime(version.at)} goes into force at once, and into the file. What is in force now stays in this list.
          {hasDraft && ' Your draft stays a draft; saving it then meets a changed file.'}
        </ConfirmBox>
      )}
    </Modal>
  );
}

interface VersionsProps {
  readonly versions: readonly ConfigVersion[];
  readonly picked: string;
  readonly onPick: (hash: string) => void;
}

function Versions({ versions, picked, onPick }: VersionsProps) {
  return (
    <ul className="history-list" aria-label="Configurations that were in force">
      {versions.map(({ hash, at, reason, isInForce }) => (
        <li key={hash}>
          <button type="button" aria-pressed={hash === picked} onClick={() => onPick(hash)}>
            <span>{dayAndTime(at)}</span>
            {isInForce && <span className="badge">in force</span>}
            <span className="quiet clip">
              {visibleText(reason)} · <code>{hash.slice(0, 8)}</code>
            </span>
          </button>
        </li>
      ))}
    </ul>
  );
}

interface GoingBackProps {
  readonly version: ConfigVersion;
  readonly current: ConfigVersion | undefined;
  readonly onRollback: () => void;
}

function GoingBack({ version, current, onRollback }: GoingBackProps) {
  const pair = { from: current?.hash ?? '', to: version.hash };
  const diff = useCall('config.diff', pair, version.isInForce || current === undefined ? undefined : `${pair.from} ${pair.to}`);
  if (version.isInForce) return <p className="quiet">This one is in force.</p>;
  return (
    <div className="history-diff">
      <div className="history-head">
        <p className="second">What going back to it would change</p>
        <button type="button" className="btn primary" onClick={onRollback}>
          Roll back
        </button>
      </div>
      {diff.value !== undefined && <DiffView label="What going back would change" diff={diff.value.text} />}
    </div>
  );
}
