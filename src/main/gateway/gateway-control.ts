/** The gateway as windows and command lines steer it: every action by hand is told as one. */
import type { AuditQuery } from '../../shared/model/audit.ts';
import type { AuditCheck } from '../../shared/model/gateway-desk.ts';
import type { AuditReport } from '../audit/verify-audit.ts';
import type { Clock, LogLevel } from '../ports.ts';
import type { TokenVault } from '../secrets/token-vault.ts';
import type { StoreReader } from '../store/traffic-store.ts';
import { type BreakerChange, setBreaker } from './breaker-by-hand.ts';
import { type ByHand, tellByHand } from './by-hand.ts';
import { type DryRunDraft, dryRunOver, explainRecorded, type RecordedFrame } from './dry-run.ts';
import type { Gateway } from './gateway.ts';
import { setLogLevel } from './log-level-by-hand.ts';
import { pinsByHand } from './pins-by-hand.ts';
import { secretsByHand } from './secrets-by-hand.ts';
import { signInsByHand } from './sign-ins-by-hand.ts';

export interface GatewayControlDeps {
  readonly gateway: Gateway;
  readonly store: StoreReader;
  readonly vault: TokenVault;
  readonly clock: Clock;
}

/** Everything that asks for something rejects, or throws, with BAD_CALL, CONFLICT, NOT_FOUND or STORE_FAILED. */
export function gatewayControl({ gateway, store, vault, clock }: GatewayControlDeps) {
  const tell = tellByHand({ clock, emit: gateway.observers.hub.emit });
  return {
    load: (path: string) => gateway.control.load(path),
    status: () => gateway.status(),
    upstreams: () => gateway.upstreams.states(),
    limits: () => gateway.guards.limitsState(),
    setBreaker(change: BreakerChange) {
      setBreaker(gateway, change);
      tell(change.action, `${change.upstream}/${change.instance}`, change);
    },
    holdsSession: (id: string) => gateway.sessions.holds(id),
    killSession(change: ByHand & { readonly id: string; readonly reason: string }) {
      tell('kill session', change.id, change, change.reason);
      return gateway.sessions.kill(change.id, change.reason);
    },
    config: gateway.control,
    dryRun: (draft: DryRunDraft, signal: AbortSignal) => dryRunOver({ gateway, store }, draft, signal),
    explain: (frame: RecordedFrame) => explainRecorded({ gateway, store }, frame),
    audit: {
      query: (query: AuditQuery) => gateway.observers.audit.query(query),
      verify: async () => shown(await gateway.observers.audit.verify()),
    },
    pins: pinsByHand(gateway.guards.pins, tell),
    signIns: signInsByHand(gateway.guards.signIns, tell),
    secrets: secretsByHand(vault, tell),
    logs: {
      levels: () => gateway.logs.levels(),
      setLevel({ component, level, actor }: ByHand & { readonly component: string | undefined; readonly level: LogLevel }) {
        setLogLevel(gateway, component, level);
        tell('log level', component ?? 'all', { actor }, level);
      },
    },
  };
}

function shown({ problems, fileCount, rowCount, firstAt, lastAt }: AuditReport): AuditCheck {
  return {
    isWhole: problems.length === 0,
    problems: [...problems],
    fileCount,
    rowCount,
    ...(firstAt === undefined ? {} : { firstAt }),
    ...(lastAt === undefined ? {} : { lastAt }),
  };
}
