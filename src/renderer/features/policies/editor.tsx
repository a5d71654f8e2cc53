/** The draft in three views: form, file and dry run. Side by side where there is room, else one at a time. */
import { useState, type ReactNode } from 'react';
import type { ConfigEdit } from '../../../shared/contract/calls.ts';
import type { DryRunRow } from '../../../shared/model/gateway-state.ts';
import type { DeskState } from '../../state/policy-desk.ts';
import { MEDIUM, useMedia } from '../../ui/use-media.ts';
import { DryRunPane } from './dry-run-pane.tsx';
import { EditorHead, type View } from './editor-head.tsx';
import { FileView } from './file-view.tsx';
import { FormView } from './form-view.tsx';
import { useDryRun } from './use-dry-run.ts';

interface EditorProps {
  readonly state: DeskState;
  readonly text: string;
  readonly isConflict: boolean;
  readonly inForce: string | undefined;
  /** Back to the list, where there is no room for both. */
  readonly back: ReactNode;
  readonly onText: (text: string) => void;
  readonly onEdit: (...edits: readonly ConfigEdit[]) => void;
  readonly onSave: () => void;
  readonly onDiscard: () => void;
  readonly onOpenRow: (row: DryRunRow) => void;
}

export function Editor({ state, text, isConflict, inForce, back, onText, onEdit, onSave, onDiscard, onOpenRow }: EditorProps) {
  const { selected } = state;
  const isWide = !useMedia(MEDIUM);
  const [chosen, setChosen] = useState<View>('form');
  const [limit, setLimit] = useState(1000);
  const [wanted, setWanted] = useState<{ line: number; at: number }>();
  const view = selected === undefined && chosen === 'form' ? 'file' : chosen;
  const { hasProblems, isCurrent } = knownOf(state, text);
  const isJudged = isWide || view === 'dry';
  const dryRun = useDryRun({ text, limit, inForce, isReady: isCurrent && !hasProblems && isJudged });
  const goToLine = (line: number) => {
    setChosen('file');
    setWanted({ line, at: Date.now() });
  };

  const shows = (part: View) => isWide || view === part;
  return (
    <section className="editor" aria-label="Editor">
      <EditorHead
        state={state}
        isCurrent={isCurrent}
        isConflict={isConflict}
        view={isWide ? undefined : view}
        back={back}
        onView={setChosen}
        onProblem={goToLine}
        onSave={onSave}
        onDiscard={onDiscard}
      />
      <div className={isWide ? 'editor-parts' : 'editor-parts one'}>
        {shows('form') && <FormView state={state} onEdit={onEdit} />}
        {shows('file') && <FileView state={state} text={text} wanted={wanted} onText={onText} onGoTo={goToLine} />}
        {shows('dry') && (
          <DryRunPane
            dryRun={dryRun}
            limit={limit}
            blocked={hasProblems ? 'What is wrong is mended first; below is the judgement before' : undefined}
            onLimit={setLimit}
            onOpen={onOpenRow}
          />
        )}
      </div>
    </section>
  );
}

/** Whether what is known of the text is of the text as it is, and whether it is wrong. */
function knownOf({ read, pending }: DeskState, text: string) {
  return { hasProblems: (read?.problems.length ?? 0) > 0, isCurrent: read?.text === text && pending.length === 0 };
}
