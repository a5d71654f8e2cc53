/** What a person can do about an instance. A button that would change nothing is off, and says why. */
import type { InstanceState, UpstreamState } from '../../../shared/model/gateway-state.ts';
import type { BreakerAction, BreakerWish } from './use-breakers.ts';

interface BreakerButtonsProps {
  readonly upstream: UpstreamState;
  readonly instance: InstanceState;
  readonly isConnected: boolean;
  readonly onWish: (wish: BreakerWish) => void;
}

const words: Readonly<Record<BreakerAction, { readonly label: string; readonly does: string; readonly off: string }>> = {
  trip: { label: 'Trip', does: 'Opens the breaker: nothing passes until a probe succeeds', off: 'Nothing passes there already' },
  reset: { label: 'Reset', does: 'Closes the breakers and forgets failures, pauses and ejections', off: 'There is nothing to reset' },
  isolate: {
    label: 'Isolate',
    does: 'Keeps every request away, sessions included, until it rejoins',
    off: 'The configuration disables it',
  },
  rejoin: { label: 'Rejoin', does: 'Takes the isolation back', off: '' },
};

export function BreakerButtons({ upstream, instance, isConnected, onWish }: BreakerButtonsProps) {
  const isIsolated = instance.breaker.word === 'isolated';
  return (
    <div className="breaker-buttons">
      {(['trip', 'reset', isIsolated ? 'rejoin' : 'isolate'] as const).map(action => {
        const { label, does, off } = words[action];
        const makesSense = canDo(action, instance);
        return (
          <button
            key={action === 'rejoin' ? 'isolate' : action}
            type="button"
            className="btn"
            aria-label={`${label} ${upstream.name}/${instance.id}`}
            title={isConnected ? (makesSense ? does : off) : 'The host cannot be reached'}
            disabled={!makesSense || !isConnected}
            onClick={() => onWish({ upstream, instance, action })}
          >
            {label}
          </button>
        );
      })}
    </div>
  );
}

export function canDo(action: BreakerAction, { isDisabled, breaker, ejectedUntil, pausedUntil, tools }: InstanceState): boolean {
  const { word, consecutiveFailures, consecutiveOpens } = breaker;
  if (isDisabled) return action === 'rejoin';
  switch (action) {
    case 'trip':
      return word !== 'open' && word !== 'isolated';
    case 'reset':
      if (word === 'isolated') return false;
      return (
        word !== 'closed' ||
        consecutiveFailures + consecutiveOpens + tools.length > 0 ||
        ejectedUntil !== undefined ||
        pausedUntil !== undefined
      );
    case 'isolate':
    case 'rejoin':
      return true;
  }
}
