/** The gateway as windows, command lines and the admin listener steer it: every action by hand is told as one. */
import { type BreakerChange, setBreaker } from './breaker-by-hand.ts';
import type { DryRunResult, LimitsState, UpstreamState } from '../../shared/model/gateway-state.ts';
import type { Clock } from '../ports.ts';
import type { StoreReader } from '../store/traffic-store.ts';
import type { ConfigControl } from './config-control.ts';
import { dryRunOver } from './dry-run.ts';
import type { Gateway } from './gateway.ts';

export interface GatewayControlDeps {
  readonly gateway: Gateway;
  readonly store: StoreReader;
  readonly clock: Clock;
}

/** Who asks: `window`, `command line`, `admin`. */
interface ByHand {
  readonly actor: string;
}

export interface GatewayControls {
  load(path: string): Promise<void>;
  status(): ReturnType<Gateway['status']>;
  upstreams(): UpstreamState[];
  limits(): LimitsState;
  setBreaker(change: BreakerChange): void;
  killSession(change: ByHand & { readonly id: string; readonly reason: string }): boolean;
  readonly config: ConfigControl;
  dryRun(
    draft: { readonly text: string; readonly sessionId?: string | undefined; readonly limit: number },
    signal: AbortSignal,
  ): Promise<DryRunResult>;
}

export function gatewayControl({ gateway, store, clock }: GatewayControlDeps): GatewayControls {
  const { emit } = gateway.observers.hub;
  const tell = (action: string, target: string, { actor }: ByHand, reason?: string) => {
    emit({ type: 'admin', at: clock.now(), action, target, actor, ...(reason === undefined || reason === '' ? {} : { reason }) });
  };
  return {
    load: path => gateway.control.load(path),
    status: () => gateway.status(),
    upstreams: () => gateway.upstreams.states(),
    limits: () => gateway.guards.limitsState(),
    setBreaker(change) {
      setBreaker(gateway, change);
      tell(change.action, `${change.upstream}/${change.instance}`, change);
    },
    killSession(change) {
      tell('kill session', change.id, change, change.reason);
      return gateway.killSession(change.id, change.reason);
    },
    config: gateway.control,
    dryRun: (draft, signal) => dryRunOver({ gateway, store }, draft, signal),
  };
}
