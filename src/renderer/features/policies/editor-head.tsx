/** What is being edited, whether it is saved, and what keeps it from being. */
import { CircleAlert } from 'lucide-react';
import type { ReactNode } from 'react';
import { visibleText } from '../../../shared/text/visible-text.ts';
import { counted } from '../../formats/size.ts';
import type { DeskState } from '../../state/policy-desk.ts';
import { Segmented } from '../../ui/segmented.tsx';

export type View = 'form' | 'file' | 'dry';

interface EditorHeadProps {
  readonly state: DeskState;
  /** What is known of the text is of the text as it is. */
  readonly isCurrent: boolean;
  readonly isConflict: boolean;
  /** Undefined where all views are in sight. */
  readonly view: View | undefined;
  readonly back: ReactNode;
  readonly onView: (view: View) => void;
  readonly onProblem: (line: number) => void;
  readonly onSave: () => void;
  readonly onDiscard: () => void;
}

export function EditorHead(props: EditorHeadProps) {
  const { state, isCurrent, isConflict, view, onView, onProblem } = props;
  const { read, draft, selected, isSaving } = state;
  const problems = read?.problems ?? [];
  const isReady = problems.length === 0 && isCurrent && !isSaving && !isConflict;
  return (
    <div className="editor-head">
      {props.back}
      <h2 className="clip">{titleOf(selected)}</h2>
      {draft !== undefined && <span className="badge warn">edited, not saved</span>}
      <span className="grow" />
      {view !== undefined && <Segmented label="Views" value={view} options={viewsOf(selected)} onChange={onView} />}
      <span className="editor-do">
        {problems.length > 0 && (
          <button type="button" className="link error" onClick={() => onProblem(problems[0]?.line ?? 1)}>
            <CircleAlert className="i s" aria-hidden="true" /> {counted(problems.length, 'problem')}
          </button>
        )}
        <button type="button" className="btn" disabled={draft === undefined} onClick={props.onDiscard}>
          Discard
        </button>
        <button
          type="button"
          className="btn primary"
          disabled={draft === undefined || !isReady}
          title={saveTitle(isConflict, problems.length)}
          onClick={props.onSave}
        >
          Save<span className="sr"> and take into force</span>
        </button>
      </span>
    </div>
  );
}

function titleOf(selected: DeskState['selected']): string {
  if (selected === undefined) return 'The file';
  return selected.id === '' ? 'Without a name' : visibleText(selected.id);
}

function viewsOf(selected: DeskState['selected']): readonly { readonly value: View; readonly label: string }[] {
  const views = [
    { value: 'form', label: 'Form' },
    { value: 'file', label: 'File' },
    { value: 'dry', label: 'Dry run' },
  ] as const;
  return selected === undefined ? views.slice(1) : views;
}

function saveTitle(isConflict: boolean, problemCount: number): string {
  if (isConflict) return 'The file was changed elsewhere: choose above what is to become of it';
  if (problemCount > 0) return `${counted(problemCount, 'problem')} to be mended first`;
  return 'Writes the file and takes it into force';
}
