/** The desk and the gateway for the page: read anew whenever the gateway took, or refused, another file. */
import { useEffect, useSyncExternalStore } from 'react';
import type { ConfigDraft } from '../../../shared/model/config-draft.ts';
import type { ConfigFile, GatewayStatus } from '../../../shared/model/gateway-state.ts';
import type { DeskState, PolicyDesk } from '../../state/policy-desk.ts';
import { forceOf, type Force } from '../../state/policy-force.ts';
import { useAct, useTopic, useWireState, useWorkbench } from '../../state/use-workbench.ts';

export interface Loaded {
  readonly desk: PolicyDesk;
  readonly state: DeskState;
  readonly file: ConfigFile;
  readonly said: ConfigDraft;
  readonly status: GatewayStatus | undefined;
  readonly force: Force;
  /** The mode of all policies that is in force. */
  readonly mode: string;
}

/** Undefined until the file was read. */
export function usePolicies(): Loaded | undefined {
  const { policies: desk } = useWorkbench();
  const act = useAct();
  const state = useSyncExternalStore(desk.subscribe, desk.state);
  const status = useTopic('gateway', {});
  const isConnected = useWireState().kind === 'connected';
  const told = JSON.stringify([status?.configHash, status?.configPath, status?.configProblems]);
  useEffect(() => {
    if (isConnected) act(() => desk.refresh());
  }, [desk, act, isConnected, told]);
  useEffect(() => {
    // A file that is wrong in the same way as before is not told again, but a person who comes back to the window wants it as it is.
    const look = () => act(() => desk.refresh());
    globalThis.addEventListener('focus', look);
    return () => globalThis.removeEventListener('focus', look);
  }, [desk, act]);
  const { file, said } = state;
  if (file === undefined || said === undefined) return undefined;
  return { desk, state, file, said, status, force: forceOf(file, status), mode: status?.policyMode ?? said.policyMode };
}
