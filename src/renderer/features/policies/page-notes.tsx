/** What a person must know before going on: policies that do not act, a file that is not in force, a conflict, a refusal. */
import { CircleAlert, Info, X } from 'lucide-react';
import { visibleText } from '../../../shared/text/visible-text.ts';
import { IconButton } from '../../ui/icon-button.tsx';
import { ConflictBanner } from './conflict-banner.tsx';
import { RejectedBanner } from './force-line.tsx';
import { GatewayModeWarning } from './gateway-mode.tsx';
import type { Loaded } from './use-policies.ts';

interface PageNotesProps {
  readonly loaded: Loaded;
  readonly onTakeFile: () => void;
}

export function PageNotes({ loaded, onTakeFile }: PageNotesProps) {
  const { desk, state, file, said, mode, force } = loaded;
  const { draft, refusal } = state;
  const { isConflict } = desk;
  return (
    <div className="page-notes">
      {file.exists && <GatewayModeWarning mode={mode} />}
      {force.kind === 'in-force' && mode !== said.policyMode && <Overridden said={said.policyMode} />}
      <RejectedBanner force={force} />
      {isConflict && draft !== undefined && (
        <ConflictBanner fileText={file.text} draftText={draft.text} onKeep={() => desk.keepDraft()} onReload={onTakeFile} />
      )}
      {refusal !== undefined && !isConflict && <Refusal text={refusal} onDismiss={() => desk.dismissRefusal()} />}
    </div>
  );
}

/** A switch that seems to do nothing would be a riddle. */
function Overridden({ said }: { readonly said: string }) {
  return (
    <div className="banner plain" role="status">
      <Info className="i" aria-hidden="true" />
      <p>The environment of the host says which mode all policies are in. The file, which says {visibleText(said)}, is overruled.</p>
    </div>
  );
}

function Refusal({ text, onDismiss }: { readonly text: string; readonly onDismiss: () => void }) {
  return (
    <div className="banner error" role="alert">
      <CircleAlert className="i" aria-hidden="true" />
      <p className="lines">
        <b>Nothing was changed.</b> {visibleText(text)}
      </p>
      <IconButton icon={X} label="Dismiss" onClick={onDismiss} />
    </div>
  );
}
