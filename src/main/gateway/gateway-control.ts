/** The gateway as windows, command lines and the admin listener steer it: every action by hand is told as one. */
import { type BreakerChange, setBreaker } from './breaker-by-hand.ts';
import { TrafficError } from '../../shared/errors/error-table.ts';
import type { AuditQuery } from '../../shared/model/audit.ts';
import type { AuditCheck, SignInStatus, ToolChangeData } from '../../shared/model/gateway-desk.ts';
import type { ToolChange } from '../pipeline/policy/tool-pins.ts';
import type { Clock, LogLevel } from '../ports.ts';
import { SignInError } from '../secrets/sign-in/sign-in-config.ts';
import type { TokenVault } from '../secrets/token-vault.ts';
import type { StoreReader } from '../store/traffic-store.ts';
import { type DryRunDraft, dryRunOver, explainRecorded, type RecordedFrame } from './dry-run.ts';
import type { Gateway } from './gateway.ts';
import { setLogLevel } from './log-level-by-hand.ts';
import { secretsByHand } from './secrets-by-hand.ts';

export interface GatewayControlDeps {
  readonly gateway: Gateway;
  readonly store: StoreReader;
  readonly vault: TokenVault;
  readonly clock: Clock;
}

/** Who asks: `window`, `command line`, `admin`. */
interface ByHand {
  readonly actor: string;
}

export function gatewayControl({ gateway, store, vault, clock }: GatewayControlDeps) {
  const { emit } = gateway.observers.hub;
  const { signIns } = gateway.guards;
  const tell = (action: string, target: string, { actor }: ByHand, reason?: string) => {
    emit({ type: 'admin', at: clock.now(), action, target, actor, ...(reason === undefined || reason === '' ? {} : { reason }) });
  };
  return {
    load: (path: string) => gateway.control.load(path),
    status: () => gateway.status(),
    upstreams: () => gateway.upstreams.states(),
    limits: () => gateway.guards.limitsState(),
    setBreaker(change: BreakerChange) {
      setBreaker(gateway, change);
      tell(change.action, `${change.upstream}/${change.instance}`, change);
    },
    holdsSession: (id: string) => gateway.holdsSession(id),
    killSession(change: ByHand & { readonly id: string; readonly reason: string }) {
      tell('kill session', change.id, change, change.reason);
      return gateway.killSession(change.id, change.reason);
    },
    config: gateway.control,
    dryRun: (draft: DryRunDraft, signal: AbortSignal) => dryRunOver({ gateway, store }, draft, signal),
    explain: (frame: RecordedFrame) => explainRecorded({ gateway, store }, frame),
    audit: {
      query: (query: AuditQuery) => gateway.observers.audit.query(query),
      async verify(): Promise<AuditCheck> {
        const { problems, fileCount, rowCount, firstAt, lastAt } = await gateway.observers.audit.verify();
        return {
          isWhole: problems.length === 0,
          problems: [...problems],
          fileCount,
          rowCount,
          ...(firstAt === undefined ? {} : { firstAt }),
          ...(lastAt === undefined ? {} : { lastAt }),
        };
      },
    },
    pins: {
      changes: (upstream: string | undefined): ToolChangeData[] => gateway.guards.pins.changes(upstream).map(change => shown(change)),
      approve({ upstream, tool, digest, actor }: ByHand & { readonly upstream: string; readonly tool: string; readonly digest: string }) {
        switch (gateway.guards.pins.approve(upstream, tool, digest)) {
          case 'nothing-waits':
            throw new TrafficError('NOT_FOUND', `The definition of ${tool} at ${upstream} has no change to approve.`);
          case 'changed-again':
            throw new TrafficError(
              'CONFLICT',
              `The definition of ${tool} at ${upstream} changed again since you looked, and was not approved: run pin list.`,
            );
          case 'approved':
            tell('approve definition', `${upstream}/${tool}`, { actor }, digest);
        }
      },
    },
    signIns: {
      state: (upstream: string): SignInStatus => signIns.state(upstream),
      async begin({ upstream, actor }: ByHand & { readonly upstream: string }) {
        try {
          const { authorizationUrl, done } = await signIns.begin(upstream);
          // Everybody who may use the route calls the server as this person from then on. How it failed is told by its state.
          done.then(
            () => tell('sign in', upstream, { actor }),
            () => undefined,
          );
          return { authorizationUrl };
        } catch (error) {
          if (error instanceof SignInError) throw new TrafficError('BAD_CALL', error.message, { cause: error });
          throw error;
        }
      },
      forget({ upstream, actor }: ByHand & { readonly upstream: string }): SignInStatus {
        signIns.forget(upstream);
        tell('sign out', upstream, { actor });
        return signIns.state(upstream);
      },
    },
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

function shown({ members, ...change }: ToolChange): ToolChangeData {
  return {
    ...change,
    members: members.map(({ member, before, after }) => ({
      member,
      ...(before === undefined ? {} : { before }),
      ...(after === undefined ? {} : { after }),
    })),
  };
}
