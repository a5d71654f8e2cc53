/** The file was changed elsewhere while a draft of it stood here. Both are there to be seen, and neither goes by itself. */
import { GitCompareArrows } from 'lucide-react';
import { useState } from 'react';
import { unifiedDiff } from '../../../shared/text/text-diff.ts';
import { Modal } from '../../ui/modal.tsx';
import { DiffView } from './diff-view.tsx';

interface ConflictBannerProps {
  readonly fileText: string;
  readonly draftText: string;
  readonly onKeep: () => void;
  readonly onReload: () => void;
}

export function ConflictBanner({ fileText, draftText, onKeep, onReload }: ConflictBannerProps) {
  const [isShown, setShown] = useState(false);
  return (
    <div className="banner warn" role="alert">
      <GitCompareArrows className="i" aria-hidden="true" />
      <p>
        <b>The file was changed elsewhere</b> since this draft was made from it. Both are kept until you choose.
      </p>
      <span className="banner-actions">
        <button type="button" className="btn" onClick={() => setShown(true)}>
          See the difference
        </button>
        <button type="button" className="btn" onClick={onReload}>
          Take the file
        </button>
        <button type="button" className="btn" title="Saving then replaces what was changed elsewhere" onClick={onKeep}>
          Go on with my draft
        </button>
      </span>
      {isShown && (
        <Modal label="Difference" className="sheet" onClose={() => setShown(false)}>
          <div className="sheet-head">
            <h2>From the file as it is now to your draft</h2>
            <button type="button" className="btn" onClick={() => setShown(false)}>
              Close
            </button>
          </div>
          <DiffView label="Difference" diff={unifiedDiff(fileText, draftText, { from: 'file', to: 'your draft' })} />
        </Modal>
      )}
    </div>
  );
}
