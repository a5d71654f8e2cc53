/** Every metric of the gateway: name, help, labels, buckets. The names are an interface; docs/observability.md explains each. */
import { Counter, Gauge, Histogram, type Registry } from '@prometheus-io/client';

/** Of the MCP semantic conventions of OpenTelemetry, for both operation durations. */
const operationBuckets = [0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1, 2, 5, 10, 30, 60, 120, 300];
/** 50 µs to 250 ms. */
const overheadBuckets = [0.000_05, 0.000_1, 0.000_25, 0.000_5, 0.001, 0.002_5, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25];
const writeBuckets = [0.001, 0.002_5, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 10];
const evaluationBuckets = [0.000_01, 0.000_05, 0.000_1, 0.000_25, 0.000_5, 0.001, 0.005, 0.025, 0.1];

export const operationLabels = ['mcp_method_name', 'gen_ai_tool_name', 'error_type', 'network_transport', 'upstream'] as const;
export const requestLabels = ['route', 'code', 'reason'] as const;

export type Instruments = ReturnType<typeof instruments>;

export function instruments(registry: Registry) {
  const registers = [registry];
  const counter = <L extends string>(name: string, help: string, labelNames: readonly L[] = []) =>
    new Counter<L>({ name, help, labelNames: [...labelNames], registers });
  const gauge = <L extends string>(name: string, help: string, labelNames: readonly L[] = []) =>
    new Gauge<L>({ name, help, labelNames: [...labelNames], registers });
  const histogram = <L extends string>(name: string, help: string, buckets: number[], labelNames: readonly L[] = []) =>
    new Histogram<L>({ name, help, buckets, labelNames: [...labelNames], registers });
  return {
    // Fed by events, as they happen.
    serverOperations: histogram(
      'mcp_server_operation_duration_seconds',
      'MCP requests and notifications as their client sees them, until the end of the answer',
      operationBuckets,
      operationLabels,
    ),
    clientOperations: histogram(
      'mcp_client_operation_duration_seconds',
      'The part of the upstream in it, from sending until the head of its answer',
      operationBuckets,
      operationLabels,
    ),
    overhead: histogram('shadowcat_proxy_overhead_seconds', 'What the gateway adds before it sends a request on', overheadBuckets, [
      'route',
    ]),
    requests: counter('shadowcat_http_requests_total', 'HTTP requests of guarded routes by status and reason', requestLabels),
    requestBytes: counter('shadowcat_request_bytes_total', 'Bytes of request bodies', ['route']),
    responseBytes: counter('shadowcat_response_bytes_total', 'Bytes of answer bodies', ['route']),
    auth: counter('shadowcat_auth_total', 'Authentications by outcome', ['listener', 'outcome']),
    limits: counter('shadowcat_ratelimit_total', 'Decisions of limits by tier, limit and outcome', ['tier', 'policy', 'outcome']),
    policies: counter('shadowcat_policy_decisions_total', 'Decisions of policies', ['policy', 'outcome']),
    policySeconds: histogram('shadowcat_policy_evaluation_seconds', 'Time that deciding by policies took', evaluationBuckets),
    transitions: counter('shadowcat_circuit_transitions_total', 'Changes of circuit breakers', ['upstream', 'instance', 'from', 'to']),
    reloads: counter('shadowcat_config_reloads_total', 'Configurations by what became of them', ['outcome']),
    children: counter('shadowcat_child_events_total', 'Starts and ends of stdio servers', ['upstream', 'what']),
    questions: counter('shadowcat_server_questions_total', 'Requests of servers behind bridges by what became of them', [
      'upstream',
      'outcome',
    ]),
    sessionEvents: counter('shadowcat_session_events_total', 'Beginnings and ends of sessions', ['what']),
    storeWrites: histogram('shadowcat_store_write_seconds', 'Time from handing a batch to the store until it is committed', writeBuckets),
    // Read when they are asked for.
    inflight: gauge('shadowcat_inflight_requests', 'Requests that are not over, streams left out'),
    streams: gauge('shadowcat_streams_open', 'Open streams that wait for nothing: GET and subscriptions'),
    sessions: gauge('shadowcat_sessions', 'Live sessions of the legacy era'),
    circuitState: gauge('shadowcat_circuit_state', '1 for the state that the breaker of an instance is in', [
      'upstream',
      'instance',
      'state',
    ]),
    circuitRejected: counter('shadowcat_circuit_rejected_total', 'Calls that found no instance that takes any', ['upstream']),
    healthy: gauge('shadowcat_upstream_healthy', '1 while an instance is healthy and enabled', ['upstream', 'instance']),
    upstreamInflight: gauge('shadowcat_upstream_inflight', 'Calls at an instance', ['upstream', 'instance']),
    upstreamQueued: gauge('shadowcat_upstream_queued', 'Calls that wait for a place at an upstream', ['upstream']),
    connections: gauge('shadowcat_pool_connections', 'Connections to an instance; idle ones are among the open', [
      'upstream',
      'instance',
      'state',
    ]),
    childProcesses: gauge('shadowcat_child_processes', 'Running processes of stdio instances', ['upstream', 'instance']),
    retries: counter('shadowcat_retries_total', 'Second and further attempts', ['upstream']),
    recorderDropped: counter('shadowcat_recorder_dropped_total', 'What the recorder could not keep', ['what']),
    auditRows: counter('shadowcat_audit_rows_total', 'Rows written to the audit'),
    auditDropped: counter('shadowcat_audit_dropped_total', 'Rows that found the queue of the audit full'),
    seriesOverflow: counter('shadowcat_metrics_overflow_total', 'Observations counted under _other because a metric is at its bound'),
    build: gauge('shadowcat_build_info', 'Always 1; the label says which version runs', ['version']),
  };
}
