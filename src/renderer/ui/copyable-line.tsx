/** A command or a path to take along: shown whole in one line, with its copy button. */
import { CopyButton } from './copy-button.tsx';

interface CopyableLineProps {
  /** Undefined while it is not known yet. */
  readonly text: string | undefined;
  /** Names the button. */
  readonly label: string;
}

export function CopyableLine({ text, label }: CopyableLineProps) {
  return (
    <div className="command">
      {/* A long line scrolls, so it must be reachable by keyboard. */}
      {/* oxlint-disable-next-line jsx-a11y/no-noninteractive-tabindex */}
      <code tabIndex={0}>{text ?? '…'}</code>
      <CopyButton text={text ?? ''} label={label} />
    </div>
  );
}
