/** The calls of the admin listener: paths, what they take, what they do. They know neither HTTP nor what stands behind the actions. */
import { TrafficError } from '../../shared/errors/error-table.ts';
import { AuditQuery, type AuditPage } from '../../shared/model/audit.ts';

export const breakerActions = ['trip', 'reset', 'isolate', 'rejoin'] as const;
export type BreakerAction = (typeof breakerActions)[number];

export const levels = ['debug', 'info', 'warn', 'error', 'silent'] as const;
export type AdminLogLevel = (typeof levels)[number];

/** What the calls do; handed in, so that the listener knows nothing of the wiring. Throws TrafficErrors of the table. */
export interface AdminActions {
  status(): unknown;
  upstreams(): unknown;
  limits(): unknown;
  sessions(): unknown;
  audit(query: AuditQuery): Promise<AuditPage>;
  setBreaker(change: {
    readonly upstream: string;
    readonly instance: string;
    readonly action: BreakerAction;
    readonly actor: string;
  }): unknown;
  /** False when there is no such live session. */
  killSession(change: { readonly id: string; readonly reason: string; readonly actor: string }): boolean | Promise<boolean>;
  /** Reads the file anew; rejects with its problems, and the configuration in force stays. */
  reloadConfig(actor: string): unknown;
  logLevels(): Readonly<Record<string, string>>;
  /** Without a component: of everything that has no level of its own. */
  setLogLevel(change: { readonly component: string | undefined; readonly level: AdminLogLevel; readonly actor: string }): void;
}

/** What was done, for the audit. */
export interface Done {
  readonly action: string;
  readonly target: string;
  readonly reason?: string;
}

export interface AdminCall {
  readonly method: 'GET' | 'POST';
  /** The answer, and for whatever changed something: what. */
  run(input: CallInput): Promise<{ readonly value: unknown; readonly done?: Done }>;
}

export interface CallInput {
  readonly actor: string;
  readonly query: URLSearchParams;
  /** Of a POST. */
  readonly body: Readonly<Record<string, unknown>>;
}

/** By path. */
export function adminCalls(actions: AdminActions): ReadonlyMap<string, AdminCall> {
  const read = (look: (input: CallInput) => unknown): AdminCall => ({ method: 'GET', run: async input => ({ value: await look(input) }) });
  const change = (work: (input: CallInput) => Promise<{ value: unknown; done: Done }>): AdminCall => ({ method: 'POST', run: work });
  const calls = new Map<string, AdminCall>([
    ['/api/status', read(() => actions.status())],
    ['/api/upstreams', read(() => actions.upstreams())],
    ['/api/limits', read(() => actions.limits())],
    ['/api/sessions', read(() => actions.sessions())],
    ['/api/audit', read(({ query }) => actions.audit(auditQuery(query)))],
    ['/api/log/levels', read(() => actions.logLevels())],
    [
      '/api/sessions/kill',
      change(async ({ body, actor }) => {
        const id = word(body, 'id');
        const reason = optionalWord(body, 'reason') ?? '';
        if (!(await actions.killSession({ id, reason, actor }))) throw new TrafficError('NOT_FOUND', `There is no live session ${id}.`);
        return { value: { killed: id }, done: { action: 'session.kill', target: id, reason } };
      }),
    ],
    [
      '/api/config/reload',
      change(async ({ actor }) => ({
        value: (await actions.reloadConfig(actor)) ?? {},
        done: { action: 'config.reload', target: 'configuration' },
      })),
    ],
    [
      '/api/log/level',
      change(({ body, actor }) => {
        const component = optionalWord(body, 'component');
        const level = oneOf(levels, body, 'level');
        actions.setLogLevel({ component, level, actor });
        return Promise.resolve({ value: actions.logLevels(), done: { action: 'log.level', target: component ?? 'all', reason: level } });
      }),
    ],
  ]);
  for (const action of breakerActions)
    calls.set(
      `/api/breakers/${action}`,
      change(async ({ body, actor }) => {
        const upstream = word(body, 'upstream');
        const instance = word(body, 'instance');
        const value = (await actions.setBreaker({ upstream, instance, action, actor })) ?? {};
        return { value, done: { action: `breaker.${action}`, target: `${upstream}/${instance}` } };
      }),
    );
  return calls;
}

function auditQuery(params: URLSearchParams): AuditQuery {
  const time = (name: string) => {
    const text = params.get(name);
    return text === null ? undefined : /^\d+$/.test(text) ? Number(text) : Date.parse(text);
  };
  const number = (name: string) => (params.has(name) ? Number(params.get(name)) : undefined);
  const parsed = AuditQuery.safeParse({
    from: time('from'),
    to: time('to'),
    kinds: params.get('kind')?.split(','),
    principal: params.get('principal') ?? undefined,
    upstream: params.get('upstream') ?? undefined,
    text: params.get('text') ?? undefined,
    limit: number('limit'),
    cursor: number('cursor'),
  });
  if (parsed.success) return parsed.data;
  const [issue] = parsed.error.issues;
  throw new TrafficError('BAD_CALL', `${issue?.path.join('.') ?? 'query'}: ${issue?.message ?? 'not understood'}.`);
}

function optionalWord(body: CallInput['body'], name: string): string | undefined {
  return body[name] === undefined ? undefined : word(body, name);
}

function word(body: CallInput['body'], name: string): string {
  const value = body[name];
  if (typeof value !== 'string' || value === '' || value.length > 500)
    throw new TrafficError('BAD_CALL', `"${name}" must be a text of 1 to 500 characters.`);
  return value;
}

function oneOf<T extends string>(words: readonly T[], body: CallInput['body'], name: string): T {
  const found = words.find(known => known === body[name]);
  if (found === undefined) throw new TrafficError('BAD_CALL', `"${name}" must be one of ${words.join(', ')}.`);
  return found;
}
