/** Asks before a draft goes. */
import { ConfirmBox } from './confirm-box.tsx';

interface LosingBoxProps {
  /** The draft goes because the file was changed elsewhere, and that is wanted. */
  readonly isForFile: boolean;
  /** With what became of it, to be told. */
  readonly onConfirm: (said: string) => void;
  readonly onClose: () => void;
}

export function LosingBox({ isForFile, onConfirm, onClose }: LosingBoxProps) {
  return (
    <ConfirmBox
      title={isForFile ? 'Take the file, and not the draft?' : 'Discard the draft?'}
      confirm={isForFile ? 'Take the file' : 'Discard'}
      onConfirm={() => onConfirm(isForFile ? 'The draft gave way to the file.' : 'The draft is discarded.')}
      onClose={onClose}
    >
      What was not saved goes. For ten seconds it can be brought back.
    </ConfirmBox>
  );
}
