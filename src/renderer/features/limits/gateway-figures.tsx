/** What passed through the gateway since the host started, how long it took, and where the configuration comes from. */
import type { ReactNode } from 'react';
import type { GatewayStatus } from '../../../shared/model/gateway-state.ts';
import { count, counted } from '../../formats/size.ts';
import { dayAndTime, duration } from '../../formats/time.ts';
import { cn } from '../../ui/cn.ts';

export function GatewayFigures({ gateway }: { readonly gateway: GatewayStatus }) {
  const { counters, durations, sessionCount, configPath, configuredAt, listeners } = gateway;
  return (
    <section className="card gateway" aria-labelledby="gateway-figures">
      <h2 id="gateway-figures" className="sr">
        Gateway
      </h2>
      <dl className="totals">
        <Total label="Requests">{count(counters.requests)}</Total>
        <Total label="In flight">{count(counters.inFlight)}</Total>
        <Total label="Streams">{count(counters.openStreams)}</Total>
        <Total label="Sessions">{count(sessionCount)}</Total>
        <Total label="Failed" tone={counters.failed > 0 && 'error'}>
          {count(counters.failed)}
        </Total>
        <Total label="Refused">{count(counters.refused)}</Total>
        <Total label="Limited" tone={counters.limited > 0 && 'warn'} title="Refused by a limit">
          {count(counters.limited)}
        </Total>
        <Total label="Denied" tone={counters.denied > 0 && 'denied'} title="Refused by a policy">
          {count(counters.denied)}
        </Total>
        <Total label="Unauthorized" title="Refused for want of good credentials">
          {count(counters.unauthorized)}
        </Total>
        <Total label="Retries">{count(counters.retries)}</Total>
      </dl>
      <Spans durations={durations} />
      <p className="in-force">
        {configPath !== undefined && (
          <span className="clip">
            <span className="quiet">Configuration</span> <code title={configPath}>{configPath}</code>
          </span>
        )}
        {configuredAt !== undefined && <span className="quiet">in force since {dayAndTime(configuredAt)}</span>}
        {listeners.map(({ name, url }) => (
          <span key={name} className="clip">
            <span className="quiet">{name}</span> <code>{url}</code>
          </span>
        ))}
        {listeners.length === 0 && <span className="quiet">no listener: only wrapped servers are guarded</span>}
      </p>
    </section>
  );
}

interface TotalProps {
  readonly label: string;
  readonly title?: string;
  readonly tone?: 'error' | 'warn' | 'denied' | false;
  readonly children: ReactNode;
}

function Total({ label, title, tone = false, children }: TotalProps) {
  return (
    <div title={title}>
      <dt>{label}</dt>
      <dd className={cn(tone)}>{children}</dd>
    </div>
  );
}

/** How long exchanges took, and how much of it was ours. */
function Spans({ durations }: { readonly durations: GatewayStatus['durations'] }) {
  const { total, overhead } = durations;
  return (
    <table className="spans">
      <thead>
        <tr>
          <th scope="col">
            <span className="sr">Part</span>
          </th>
          {percentiles.map(([, name]) => (
            <th key={name} scope="col">
              {name}
            </th>
          ))}
        </tr>
      </thead>
      <tbody>
        <SpansRow label="Total" title="From the request to the end of its answer" spans={total} />
        <SpansRow label="Our part" title="What the gateway added before the request left" spans={overhead} />
      </tbody>
    </table>
  );
}

const percentiles = [
  ['p50Ms', 'p50'],
  ['p90Ms', 'p90'],
  ['p95Ms', 'p95'],
  ['p99Ms', 'p99'],
] as const;

interface SpansRowProps {
  readonly label: string;
  readonly title: string;
  readonly spans: GatewayStatus['durations']['total'];
}

function SpansRow({ label, title, spans }: SpansRowProps) {
  return (
    <tr title={`${title}; of the newest ${counted(spans.count, 'exchange')} in five minutes`}>
      <th scope="row">{label}</th>
      {percentiles.map(([key, name]) => {
        const ms = spans[key];
        return (
          <td key={name} className={cn(ms === undefined && 'quiet')}>
            {ms === undefined ? '–' : duration(ms)}
          </td>
        );
      })}
    </tr>
  );
}
