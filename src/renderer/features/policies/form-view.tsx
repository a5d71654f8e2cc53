/** The pane of the form. */
import type { ConfigEdit } from '../../../shared/contract/calls.ts';
import type { DeskState } from '../../state/policy-desk.ts';
import { FormPane } from './form-pane.tsx';

interface FormViewProps {
  readonly state: DeskState;
  readonly onEdit: (...edits: readonly ConfigEdit[]) => void;
}

export function FormView({ state: { read, selected, pending }, onEdit }: FormViewProps) {
  return (
    <section className="pane form-pane" aria-label="Form">
      <div className="pane-head">
        <h3>Form</h3>
        {read?.isReadable === false && <span className="end error">The file is no YAML at the moment; mend it in File</span>}
      </div>
      <div className="pane-scroll">
        {read === undefined || selected === undefined ? (
          <p className="pane-note">Pick a policy in the list to edit it here, or add one. The whole file stands in File.</p>
        ) : (
          <FormPane read={read} index={selected.index} pending={pending} onEdit={onEdit} />
        )}
      </div>
    </section>
  );
}
