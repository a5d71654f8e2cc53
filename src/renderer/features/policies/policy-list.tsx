/** All policies. Their order means nothing, so there is nothing to drag. */
import type { ConfigDraft, DraftDefaults, DraftPolicy } from '../../../shared/model/config-draft.ts';
import type { GatewayStatus } from '../../../shared/model/gateway-state.ts';
import { policyCards } from '../../state/policy-cards.ts';
import type { NewPolicy } from '../../state/policy-edits.ts';
import { AddPolicy } from './add-policy.tsx';
import { PolicyCard, type PolicyHits } from './policy-card.tsx';
import { PolicyDefaults } from './policy-defaults.tsx';

interface PolicyListProps {
  readonly said: ConfigDraft;
  readonly read: ConfigDraft | undefined;
  readonly selectedIndex: number | undefined;
  readonly hasDraft: boolean;
  /** What each policy decided or noted; undefined until the gateway told. */
  readonly hits: GatewayStatus['policyHits'] | undefined;
  readonly onOpen: (index: number) => void;
  readonly onAdd: (policy: NewPolicy) => void;
  readonly onMode: (policy: DraftPolicy, mode: string) => void;
  readonly onRemove: (policy: DraftPolicy) => void;
  readonly onDefault: (key: keyof DraftDefaults, value: string | boolean) => void;
}

export function PolicyList(props: PolicyListProps) {
  const { said, read, selectedIndex, hasDraft, hits } = props;
  const cards = policyCards(said, read);
  return (
    <section className="policy-list" aria-label="Policies">
      <div className="list-head">
        <h2>Policies</h2>
        <p>Any deny wins; their order does not matter</p>
        <AddPolicy servers={said.servers} onAdd={props.onAdd} />
      </div>
      {cards.length === 0 ? (
        <p className="list-empty">
          The file has no policy. Every call passes, or not, by the default below; add one to deny, require, allow or note calls.
        </p>
      ) : (
        <ul className="policy-cards">
          {cards.map((card, at) => (
            <PolicyCard
              // Two policies may have one id for as long as the file is wrong.
              // oxlint-disable-next-line react/no-array-index-key
              key={`${card.policy.id} ${at}`}
              card={card}
              isCurrent={card.index !== undefined && card.index === selectedIndex}
              keptBecause={hasDraft ? 'save or discard the draft first' : undefined}
              hits={hitsOf(card.policy.id, hits)}
              onOpen={() => card.index !== undefined && props.onOpen(card.index)}
              onMode={mode => props.onMode(card.policy, mode)}
              onDuplicate={() => props.onAdd(copyOf(card.policy))}
              onRemove={() => props.onRemove(card.policy)}
            />
          ))}
        </ul>
      )}
      <PolicyDefaults defaults={said.defaults} onChange={props.onDefault} />
    </section>
  );
}

function hitsOf(id: string, all: PolicyListProps['hits']): PolicyHits | undefined {
  if (all === undefined) return undefined;
  return all.find(({ policyId }) => policyId === id) ?? { count: 0, lastAt: undefined };
}

function copyOf({ id, effect, mode, when, message, match }: DraftPolicy): NewPolicy {
  return {
    id: `${id.slice(0, 50)}-copy`,
    effect,
    ...(Object.keys(match).length === 0 ? {} : { match }),
    ...(when === undefined ? {} : { when }),
    ...(message === undefined ? {} : { message }),
    ...(mode === 'enforce' ? {} : { mode }),
  };
}
