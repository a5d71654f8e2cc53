/** The one switch over all policies. Off is asked about, and stays in sight for as long as it lasts. */
import { TriangleAlert } from 'lucide-react';
import { useState } from 'react';
import { ConfirmBox } from './confirm-box.tsx';
import { ModeChoice } from './mode-choice.tsx';

interface GatewayModeProps {
  readonly mode: string;
  readonly onChange: (mode: string) => void;
}

export function GatewayMode({ mode, onChange }: GatewayModeProps) {
  const [isAsking, setAsking] = useState(false);
  return (
    <>
      <span className="quiet" aria-hidden="true">
        All policies
      </span>
      <ModeChoice label="All policies" value={mode} onChange={to => (to === 'off' ? setAsking(true) : onChange(to))} />
      {isAsking && (
        <ConfirmBox
          title="Switch all policies off?"
          confirm="Switch off"
          onConfirm={() => onChange('off')}
          onClose={() => setAsking(false)}
        >
          Every call passes that no limit stops, and nobody notes what would have been denied. Shadow notes it, and lets it pass as well.
        </ConfirmBox>
      )}
    </>
  );
}

export function GatewayModeWarning({ mode }: { readonly mode: string }) {
  if (mode === 'enforce') return null;
  return (
    <div className="banner warn" role="status">
      <TriangleAlert className="i" aria-hidden="true" />
      {mode === 'off' ? (
        <p>
          <b>All policies are off.</b> Nothing is denied, and nothing is noted.
        </p>
      ) : (
        <p>
          <b>All policies are in shadow.</b> What they would deny is noted with the message, and passes.
        </p>
      )}
    </div>
  );
}
