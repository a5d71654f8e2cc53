/** The list and the editor: beside each other, or on a narrow window one at a time. */
import { ArrowLeft } from 'lucide-react';
import { IconButton } from '../../ui/icon-button.tsx';
import { NARROW, useMedia } from '../../ui/use-media.ts';
import { Editor } from './editor.tsx';
import { PolicyList } from './policy-list.tsx';
import type { Loaded } from './use-policies.ts';
import type { PolicyActions } from './use-policy-actions.ts';

interface PolicyPartsProps {
  readonly loaded: Loaded;
  readonly actions: PolicyActions;
  /** The editor is what is shown where there is room for one. */
  readonly isEditing: boolean;
  readonly onEditing: (isEditing: boolean) => void;
  readonly onOpen: (index: number) => void;
  readonly onDiscard: () => void;
}

export function PolicyParts({ loaded, actions, isEditing, onEditing, onOpen, onDiscard }: PolicyPartsProps) {
  const { desk, state, said, status } = loaded;
  const isNarrow = useMedia(NARROW);
  return (
    <div className="policies-parts">
      {(!isNarrow || !isEditing) && (
        <PolicyList
          said={said}
          read={state.read}
          selectedIndex={state.selected?.index}
          hasDraft={state.draft !== undefined}
          hits={status?.policyHits}
          onOpen={onOpen}
          onAdd={policy => {
            onEditing(true);
            actions.add(policy);
          }}
          onMode={actions.setMode}
          onRemove={actions.remove}
          onDefault={(key, value) => actions.setTop(['defaults', key], value)}
        />
      )}
      {(!isNarrow || isEditing) && (
        <Editor
          state={state}
          text={desk.text}
          isConflict={desk.isConflict}
          inForce={status?.configHash}
          back={isNarrow ? <IconButton icon={ArrowLeft} label="Back to the list" onClick={() => onEditing(false)} /> : undefined}
          onText={text => desk.setText(text)}
          onEdit={actions.edit}
          onSave={actions.save}
          onDiscard={onDiscard}
          onOpenRow={actions.openRow}
        />
      )}
    </div>
  );
}
