/** Policies: what an agent may do, read as sentences, edited as a form or as the file itself, and tried on recorded calls first. */
import { useState } from 'react';
import { PoliciesHead } from './policies-head.tsx';
import { HistoryBox } from './history-box.tsx';
import { LosingBox } from './losing-box.tsx';
import { NoConfig } from './no-config.tsx';
import { PageNotes } from './page-notes.tsx';
import { PolicyParts } from './policy-parts.tsx';
import { usePolicies, type Loaded } from './use-policies.ts';
import { usePolicyActions } from './use-policy-actions.ts';

export function PoliciesPage() {
  const loaded = usePolicies();
  if (loaded === undefined)
    return (
      <div className="page">
        <header className="page-head">
          <h1>Policies</h1>
        </header>
        <div className="page-wait" aria-busy="true" />
      </div>
    );
  return <Policies loaded={loaded} />;
}

function Policies({ loaded }: { readonly loaded: Loaded }) {
  const { desk, state, file, status } = loaded;
  const actions = usePolicyActions(desk);
  const [isEditing, setEditing] = useState(state.selected !== undefined);
  const [shown, setShown] = useState<'history' | 'lose-draft' | 'take-file'>();
  const hasDraft = state.draft !== undefined;
  const open = (index: number | undefined) => {
    desk.select(index);
    setEditing(true);
  };
  return (
    <div className="page policies">
      <PoliciesHead
        loaded={loaded}
        onMode={to => actions.setTop(['policyMode'], to)}
        onFile={() => open(undefined)}
        onHistory={() => setShown('history')}
      />
      <PageNotes loaded={loaded} onTakeFile={() => setShown('take-file')} />
      {!file.exists && !hasDraft ? (
        <NoConfig path={file.path} isWriting={state.isSaving} onBegin={actions.begin} />
      ) : (
        <PolicyParts
          loaded={loaded}
          actions={actions}
          isEditing={isEditing}
          onEditing={setEditing}
          onOpen={open}
          onDiscard={() => setShown('lose-draft')}
        />
      )}
      {shown === 'history' && (
        <HistoryBox inForce={status?.configHash} hasDraft={hasDraft} onRollback={actions.rollback} onClose={() => setShown(undefined)} />
      )}
      {(shown === 'lose-draft' || shown === 'take-file') && (
        <LosingBox isForFile={shown === 'take-file'} onConfirm={actions.discard} onClose={() => setShown(undefined)} />
      )}
    </div>
  );
}
