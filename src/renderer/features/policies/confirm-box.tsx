/** Asks before something that is not easily taken back. */
import type { ReactNode } from 'react';
import { Modal } from '../../ui/modal.tsx';

interface ConfirmBoxProps {
  readonly title: string;
  /** What the button does, in a word or two. */
  readonly confirm: string;
  readonly onConfirm: () => void;
  readonly onClose: () => void;
  readonly children: ReactNode;
}

export function ConfirmBox({ title, confirm, onConfirm, onClose, children }: ConfirmBoxProps) {
  return (
    <Modal label={title} className="confirm" onClose={onClose}>
      <h2>{title}</h2>
      <p>{children}</p>
      <div className="confirm-actions">
        <button type="button" className="btn" onClick={onClose}>
          Cancel
        </button>
        <button
          type="button"
          className="btn primary"
          onClick={() => {
            onClose();
            onConfirm();
          }}
        >
          {confirm}
        </button>
      </div>
    </Modal>
  );
}
