/** All keys on one sheet. */
import { X } from 'lucide-react';
import { useWorkbench } from '../state/use-workbench.ts';
import { IconButton } from '../ui/icon-button.tsx';
import { KeyList } from '../ui/key-list.tsx';
import { Modal } from '../ui/modal.tsx';

export function CheatSheet() {
  const { window: store } = useWorkbench();
  const close = () => store.setOverlay('none');
  return (
    <Modal label="All keys" className="sheet" onClose={close}>
      <header className="sheet-head">
        <h2>All keys</h2>
        <IconButton icon={X} label="Close" keys="Esc" onClick={close} />
      </header>
      <KeyList />
    </Modal>
  );
}
