/** The pane of the file. The editor in it is large, and comes only when it is shown. */
import { lazy, Suspense } from 'react';
import type { DeskState } from '../../state/policy-desk.ts';
import { ProblemList } from './problem-list.tsx';

const FilePane = lazy(async () => ({ default: (await import('./file-pane.tsx')).FilePane }));

interface FileViewProps {
  readonly state: DeskState;
  readonly text: string;
  readonly wanted: { readonly line: number; readonly at: number } | undefined;
  readonly onText: (text: string) => void;
  readonly onGoTo: (line: number) => void;
}

export function FileView({ state: { read, selected }, text, wanted, onText, onGoTo }: FileViewProps) {
  const policy = selected === undefined ? undefined : read?.policies[selected.index];
  const lines = policy === undefined ? undefined : { from: policy.line, to: policy.endLine };
  return (
    <section className="pane file" aria-label="File">
      <div className="pane-head">
        <h3>File</h3>
        <span className="end">
          <kbd>Esc</kbd> then <kbd>Tab</kbd> leaves the editor
        </span>
      </div>
      <Suspense fallback={<div className="yaml" aria-busy="true" />}>
        <FilePane text={text} read={read} lines={lines} wanted={wanted} onText={onText} />
      </Suspense>
      {read !== undefined && <ProblemList read={read} onGoTo={onGoTo} />}
    </section>
  );
}
