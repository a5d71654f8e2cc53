/** What a person does on the page, with a way back where there is one. */
import type { ConfigEdit } from '../../../shared/contract/calls.ts';
import type { DraftPolicy } from '../../../shared/model/config-draft.ts';
import type { ConfigVersion, DryRunRow } from '../../../shared/model/gateway-state.ts';
import { openExchange } from '../../state/open-exchange.ts';
import type { PolicyDesk } from '../../state/policy-desk.ts';
import type { NewPolicy } from '../../state/policy-edits.ts';
import { useAct, useWorkbench } from '../../state/use-workbench.ts';

const UNDO_MS = 10_000;

export type PolicyActions = ReturnType<typeof usePolicyActions>;

export function usePolicyActions(desk: PolicyDesk) {
  const bench = useWorkbench();
  const { window: store } = bench;
  const act = useAct();
  return {
    add: (policy: NewPolicy) => act(() => desk.add(policy)),
    edit: (...edits: readonly ConfigEdit[]) =>
      act(async () => {
        await desk.edit(edits);
        const problem = desk.state().read?.editProblem;
        if (problem !== undefined) store.toast(problem, { tone: 'error' });
      }),
    setMode: ({ id }: DraftPolicy, mode: string) =>
      act(() => desk.change({ kind: 'policy', id, key: 'mode', value: mode }, `${id}: ${mode}`)),
    setTop: (path: readonly string[], value: string | boolean) =>
      act(() => desk.change({ kind: 'top', path, value }, `${path.join('.')}: ${String(value)}`)),
    remove: ({ id }: DraftPolicy) =>
      act(async () => {
        const before = desk.state().file;
        if (!(await desk.change({ kind: 'remove', id }, `${id} removed`))) return;
        const after = desk.state().file;
        if (before === undefined || after === undefined) return;
        const undo = () => act(() => desk.write(before.text, after.hash, `${id} put back`));
        store.toast(`Removed ${id}.`, { forMs: UNDO_MS, action: { label: 'Undo', run: undo } });
      }),
    save: () =>
      act(async () => {
        if (await desk.save()) store.toast('Saved, and in force.');
      }),
    discard: (said: string) => {
      const draft = desk.discard();
      if (draft === undefined) return;
      const undo = () => {
        // What was begun meanwhile must not go for it.
        if (desk.state().draft === undefined) desk.restore(draft);
        else store.toast('There is another draft by now; save or discard that one first.', { tone: 'error' });
      };
      store.toast(said, { forMs: UNDO_MS, action: { label: 'Undo', run: undo } });
    },
    rollback: ({ hash }: ConfigVersion) =>
      act(async () => {
        if (await desk.rollback(hash)) store.toast('Rolled back, and in force.');
      }),
    begin: () =>
      act(async () => {
        const { file } = desk.state();
        if (file !== undefined) await desk.write('version: 1\n', file.hash, 'first file');
      }),
    openRow: ({ sessionId, exchangeId }: DryRunRow) => {
      if (exchangeId !== undefined) act(() => openExchange(bench, { sessionId, exchangeId }));
    },
  };
}
