/** Tools whose definition is not the pinned one, asked again whenever a pin changed; and their approval. */
import { useState } from 'react';
import type { GatewayStatus } from '../../../shared/model/gateway-state.ts';
import type { ToolChangeData } from '../../../shared/model/gateway-desk.ts';
import { useAct, useCall, useWorkbench } from '../../state/use-workbench.ts';

interface ChangedTools {
  readonly changes: readonly ToolChangeData[];
  /** Approves the very definition that was looked at. */
  readonly approve: (change: ToolChangeData) => void;
}

export function useChangedTools({ changes: events }: GatewayStatus): ChangedTools {
  const { host, window: store } = useWorkbench();
  const act = useAct();
  const [askCount, setAskCount] = useState(0);
  const newest = events.find(({ kind }) => kind === 'pin')?.at ?? 0;
  const asked = useCall('pin.changes', {}, `${newest} ${askCount}`);
  const askAgain = () => setAskCount(before => before + 1);
  return {
    changes: asked.value?.changes ?? [],
    approve: ({ upstream, tool, digest }) =>
      act(async () => {
        try {
          await host.call('pin.approve', { upstream, tool, digest });
          store.toast(`Approved the definition of ${tool} at ${upstream}.`);
        } finally {
          // Refused because it changed again: what is there now must be looked at first.
          askAgain();
        }
      }),
  };
}
