/** Limits and upstreams: how the instances behind a gateway do, and where limits stand. Everything is live. */
import { useMemo } from 'react';
import type { GatewayStatus, LimitsState, UpstreamState } from '../../../shared/model/gateway-state.ts';
import { useTopic, useUpstreams, useWireState } from '../../state/use-workbench.ts';
import { ChangedTools } from './changed-tools.tsx';
import { ConfigProblems } from './config-problems.tsx';
import { ConfirmBreaker } from './confirm-breaker.tsx';
import { GatewayFigures } from './gateway-figures.tsx';
import { LimiterTable } from './limiter-table.tsx';
import { LimitsHead } from './limits-head.tsx';
import { NoGateway } from './no-gateway.tsx';
import { StateChanges } from './state-changes.tsx';
import { inOrderOfTrouble } from './trouble.ts';
import { UpstreamCard } from './upstream-card.tsx';
import { useBreakers } from './use-breakers.ts';
import { useChangedTools } from './use-changed-tools.ts';

export function LimitsPage() {
  const gateway = useTopic('gateway', {});
  const limits = useTopic('limits', {});
  const upstreams = useUpstreams();
  if (gateway === undefined || limits === undefined || upstreams === undefined) return <div className="page-wait" aria-busy="true" />;
  const isConfigured = gateway.configPath !== undefined;
  return (
    <div className="page">
      <LimitsHead gateway={gateway} upstreams={upstreams} limits={limits} isConfigured={isConfigured} />
      <div className="limits-scroll">
        <ConfigProblems problems={gateway.configProblems} isSomethingInForce={isConfigured} />
        {isConfigured ? <Configured gateway={gateway} limits={limits} upstreams={upstreams} /> : <NoGateway />}
      </div>
    </div>
  );
}

interface ConfiguredProps {
  readonly gateway: GatewayStatus;
  readonly limits: LimitsState;
  readonly upstreams: readonly UpstreamState[];
}

function Configured({ gateway, limits, upstreams }: ConfiguredProps) {
  const isConnected = useWireState().kind === 'connected';
  const breakers = useBreakers();
  const tools = useChangedTools(gateway);
  const ordered = useMemo(() => inOrderOfTrouble(upstreams), [upstreams]);
  return (
    <>
      <GatewayFigures gateway={gateway} />
      {ordered.length === 0 ? (
        <p className="card card-empty">The configuration has no upstreams: policies and limits apply to wrapped servers.</p>
      ) : (
        <div className="upstreams" role="group" aria-label="Upstreams, troubled first">
          {ordered.map(upstream => (
            <UpstreamCard key={upstream.name} upstream={upstream} isConnected={isConnected} onWish={breakers.wish} />
          ))}
        </div>
      )}
      <ChangedTools changes={tools.changes} isConnected={isConnected} onApprove={tools.approve} />
      <LimiterTable limits={limits} />
      <StateChanges changes={gateway.changes} />
      {breakers.asked !== undefined && <ConfirmBreaker wish={breakers.asked} onYes={breakers.confirm} onNo={breakers.cancel} />}
    </>
  );
}
