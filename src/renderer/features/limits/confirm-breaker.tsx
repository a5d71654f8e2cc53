/** Asks before traffic is refused, and says of how much. */
import { counted } from '../../formats/size.ts';
import { Modal } from '../../ui/modal.tsx';
import { othersUsable } from './trouble.ts';
import type { BreakerWish } from './use-breakers.ts';

interface ConfirmBreakerProps {
  readonly wish: BreakerWish;
  readonly onYes: () => void;
  readonly onNo: () => void;
}

export function ConfirmBreaker({ wish, onYes, onNo }: ConfirmBreakerProps) {
  const { upstream, instance, action } = wish;
  const verb = action === 'trip' ? 'Trip' : 'Isolate';
  const title = `${verb} ${upstream.name}/${instance.id}?`;
  return (
    <Modal label={title} className="confirm" onClose={onNo}>
      <h2>{title}</h2>
      <p>{effectOf(wish)}</p>
      <p className="second">
        {action === 'trip'
          ? 'It is probed after its usual pause and closes by itself once calls succeed. Reset takes it back at once.'
          : 'Sessions that belong to it are refused, too. It stays so until somebody lets it rejoin.'}
      </p>
      <div className="confirm-foot">
        <button type="button" className="btn big" onClick={onNo}>
          Cancel
        </button>
        <button type="button" className="btn big danger" onClick={onYes}>
          {verb}
        </button>
      </div>
    </Modal>
  );
}

function effectOf({ upstream, instance }: BreakerWish): string {
  const others = othersUsable(upstream, instance.id);
  if (others === 0) return `No other instance takes calls now: every call to ${upstream.name} will be refused.`;
  return `New calls to ${upstream.name} go to ${others === 1 ? 'its other instance' : `its ${counted(others, 'other instance')}`}.`;
}
