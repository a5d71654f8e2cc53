/** No configuration file yet: which one it would be, and what makes it. */
import { FilePlus2 } from 'lucide-react';
import { CopyableLine } from '../../ui/copyable-line.tsx';

interface NoConfigProps {
  readonly path: string;
  readonly isWriting: boolean;
  readonly onBegin: () => void;
}

export function NoConfig({ path, isWriting, onBegin }: NoConfigProps) {
  return (
    <div className="no-config">
      <h2>No configuration file yet</h2>
      <p>Policies stand in this file. It is not there, so every call passes:</p>
      <CopyableLine label="Copy the path" text={path} />
      <button type="button" className="btn primary big" disabled={isWriting} onClick={onBegin}>
        <FilePlus2 className="i" aria-hidden="true" />
        Write a first file
      </button>
      <p className="quiet">
        It holds <code>version: 1</code> and nothing else: it is in force at once, and changes nothing until you add something. For routes
        to servers, begin with <code>shadowcat config init</code> instead, which writes an example with comments.
      </p>
    </div>
  );
}
