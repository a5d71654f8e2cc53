/** A modal box on the browser's own dialog: focus stays inside, Escape closes, focus returns to where it was. */
import { useEffect, useRef, type ReactNode } from 'react';

interface ModalProps {
  readonly label: string;
  readonly className?: string;
  readonly onClose: () => void;
  readonly children: ReactNode;
}

export function Modal({ label, className, onClose, children }: ModalProps) {
  const dialog = useRef<HTMLDialogElement>(null);
  useEffect(() => {
    const box = dialog.current;
    const before = document.activeElement;
    box?.showModal();
    // The browser focuses the first focusable element, which in a list of commands is not the field.
    box?.querySelector<HTMLElement>('input')?.focus();
    return () => {
      box?.close();
      if (before instanceof HTMLElement) before.focus();
    };
  }, []);
  return (
    // The backdrop belongs to the dialog element: a click on it and not on its content closes. Escape is the keyboard's way.
    // oxlint-disable-next-line jsx-a11y/click-events-have-key-events, jsx-a11y/no-noninteractive-element-interactions
    <dialog
      ref={dialog}
      className={className}
      aria-label={label}
      onCancel={event => {
        event.preventDefault();
        onClose();
      }}
      onClick={event => event.target === dialog.current && onClose()}
    >
      <div className="modal-body">{children}</div>
    </dialog>
  );
}
