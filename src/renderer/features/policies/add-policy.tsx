/** Begins a policy: one of those that many begin with. */
import { Plus } from 'lucide-react';
import type { NewPolicy } from '../../state/policy-edits.ts';
import { DropMenu, MenuItem } from '../../ui/drop-menu.tsx';
import { policyTemplates } from './policy-templates.ts';

interface AddPolicyProps {
  readonly servers: readonly string[];
  readonly onAdd: (policy: NewPolicy) => void;
}

export function AddPolicy({ servers, onAdd }: AddPolicyProps) {
  return (
    <DropMenu icon={Plus} label="Add a policy" text="Policy">
      {policyTemplates(servers[0]).map(({ title, policy }) => (
        <MenuItem key={title} onPick={() => onAdd(policy)}>
          {title}
        </MenuItem>
      ))}
    </DropMenu>
  );
}
