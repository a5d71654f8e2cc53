/** What happens where no policy decides. */
import type { DraftDefaults } from '../../../shared/model/config-draft.ts';
import { Segmented } from '../../ui/segmented.tsx';

interface PolicyDefaultsProps {
  readonly defaults: DraftDefaults;
  readonly onChange: (key: keyof DraftDefaults, value: string | boolean) => void;
}

const choices = [
  { value: 'allow', label: 'Allow' },
  { value: 'deny', label: 'Deny' },
] as const;

export function PolicyDefaults({ defaults, onChange }: PolicyDefaultsProps) {
  const { effect, onError, hideDenied } = defaults;
  return (
    <section className="card policy-defaults" aria-labelledby="policy-defaults">
      <h2 id="policy-defaults">Otherwise</h2>
      <Row
        title="Where no policy decides"
        hint={effect === undefined ? 'Not said: deny where callers sign in, allow elsewhere.' : undefined}
      >
        <Segmented<string> label="Where no policy decides" value={effect ?? ''} options={choices} onChange={to => onChange('effect', to)} />
      </Row>
      <Row title="Where a policy cannot be judged" hint={onError === 'allow' ? 'A deny that errs denies nobody.' : undefined}>
        <Segmented<string>
          label="Where a policy cannot be judged"
          value={onError}
          options={choices}
          onChange={to => onChange('onError', to)}
        />
      </Row>
      <Row title="What is denied, in lists of tools">
        <Segmented
          label="What is denied, in lists of tools"
          value={hideDenied ? 'hidden' : 'shown'}
          options={[
            { value: 'hidden', label: 'Hidden' },
            { value: 'shown', label: 'Shown' },
          ]}
          onChange={to => onChange('hideDenied', to === 'hidden')}
        />
      </Row>
    </section>
  );
}

function Row({
  title,
  hint,
  children,
}: {
  readonly title: string;
  readonly hint?: string | undefined;
  readonly children: React.ReactNode;
}) {
  return (
    <div className="default-row">
      <span>
        {title}
        {hint !== undefined && <span className="quiet">{hint}</span>}
      </span>
      {children}
    </div>
  );
}
