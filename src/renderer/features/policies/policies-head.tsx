/** The head of the page: which file, whether it is in force, and the switch over all policies. */
import { FileCode2, History } from 'lucide-react';
import { visibleText } from '../../../shared/text/visible-text.ts';
import { counted } from '../../formats/size.ts';
import { ForceLine } from './force-line.tsx';
import { GatewayMode } from './gateway-mode.tsx';
import type { Loaded } from './use-policies.ts';

interface PoliciesHeadProps {
  readonly loaded: Loaded;
  readonly onMode: (mode: string) => void;
  readonly onFile: () => void;
  readonly onHistory: () => void;
}

export function PoliciesHead({ loaded, onMode, onFile, onHistory }: PoliciesHeadProps) {
  const { file, said, mode, force } = loaded;
  return (
    <header className="page-head">
      <h1>Policies</h1>
      {file.exists && (
        <p className="second clip" title={file.path}>
          {counted(said.policies.length, 'policy', 'policies')} in <span className="mono">{visibleText(file.path)}</span>
        </p>
      )}
      <ForceLine force={force} />
      <span className="grow" />
      {file.exists && <GatewayMode mode={mode} onChange={onMode} />}
      {file.exists && (
        <button type="button" className="btn" onClick={onFile}>
          <FileCode2 className="i" aria-hidden="true" />
          Edit the file
        </button>
      )}
      <button type="button" className="btn" aria-haspopup="dialog" onClick={onHistory}>
        <History className="i" aria-hidden="true" />
        History
      </button>
    </header>
  );
}
