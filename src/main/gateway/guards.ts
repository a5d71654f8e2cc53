/** What the stages of a gateway decide by: authentication, policies, limits, credentials, affinity. Compiled from a configuration, then swapped. */
import type { Config, CredentialsConfig } from '../../shared/config/schema.ts';
import type { EmitEvent } from '../../shared/model/gateway-event.ts';
import type { LimitsState } from '../../shared/model/gateway-state.ts';
import type { Expression } from '../pipeline/cel/compile-expression.ts';
import type { PreparedLimits } from '../pipeline/limits/prepare-limits.ts';
import { RateLimiter } from '../pipeline/limits/rate-limiter.ts';
import { type CompiledPolicies, compilePolicies, type EffectOnServer } from '../pipeline/policy/compile-policies.ts';
import type { PinStore } from '../pipeline/policy/pin-store.ts';
import { PolicyEngine } from '../pipeline/policy/policy-engine.ts';
import { subjectOf, surroundingsOf } from '../pipeline/policy/subject.ts';
import { ToolPins } from '../pipeline/policy/tool-pins.ts';
import type { Exchange } from '../pipeline/stage.ts';
import type { Clock, Logger } from '../ports.ts';
import { type HeldCredentials, upstreamCredentials } from '../secrets/credentials/upstream-credentials.ts';
import { type SignIns, signIns } from '../secrets/sign-in/sign-ins.ts';
import type { TokenVault } from '../secrets/token-vault.ts';
import { type ListenerAuth, prepareAuth } from '../stages/authenticate/listener-auth.ts';
import type { AuthenticateDeps } from '../stages/authenticate.ts';
import type { UpstreamMaterial } from '../upstreams/balanced/guarded-upstream.ts';
import { affinityExpression } from './expression-checks.ts';

export interface GuardsDeps {
  readonly clock: Clock;
  readonly log: Logger;
  readonly random: () => number;
  readonly vault: TokenVault;
  /** Resolves a reference such as `${env:NAME}`. */
  readonly secret: (text: string) => Promise<string>;
  /** Where pinned tool definitions are kept. */
  readonly pinStore: PinStore;
  readonly emit: EmitEvent;
}

/** All that a configuration says to the guards, ready to be in force. */
export interface PreparedGuards {
  readonly config: Config;
  readonly limits: PreparedLimits;
  readonly policies: CompiledPolicies;
  readonly auth: ReadonlyMap<string, ListenerAuth>;
  readonly materials: ReadonlyMap<string, UpstreamMaterial>;
  /** Those of unchanged entries are the ones that are in force. */
  readonly credentials: ReadonlyMap<string, Kept>;
}

interface Kept {
  /** JSON of what the credentials were made from. */
  readonly text: string;
  readonly credentials: HeldCredentials;
}

export class Guards {
  readonly limiter: RateLimiter;
  readonly signIns: SignIns;
  readonly authenticate: AuthenticateDeps;
  readonly policies: PolicyEngine;
  readonly pins: ToolPins;
  readonly #deps: GuardsDeps;
  #credentials: ReadonlyMap<string, Kept> = new Map();
  #config: Config | undefined;
  #auth: ReadonlyMap<string, ListenerAuth> = new Map();

  constructor(deps: GuardsDeps) {
    const { clock, log, random, vault, secret, pinStore, emit } = deps;
    this.#deps = deps;
    this.limiter = new RateLimiter({ clock, random });
    this.policies = new PolicyEngine(clock);
    this.pins = new ToolPins({ store: pinStore, emit, clock });
    this.signIns = signIns({ targetOf: name => this.#signInTarget(name), vault, secret, clock, log });
    this.authenticate = {
      authFor: name => this.#auth.get(name),
      guardCertificate: ({ guard }) => guard?.client.certificate,
    };
  }

  /** Touches nothing that is in force. `isAnew`: secrets that are sent as they are will be looked up at once, instead of within a minute. */
  prepare(config: Config, { isAnew }: { readonly isAnew: boolean }): PreparedGuards {
    const { clock, log, secret } = this.#deps;
    const auth = new Map<string, ListenerAuth>();
    for (const listener of config.listeners) {
      const prepared = prepareAuth(listener, { clock, log, secret, previous: this.#auth.get(listener.name) });
      if (prepared !== undefined) auth.set(listener.name, prepared);
    }
    const credentials = this.#preparedCredentials(config, isAnew);
    return {
      config,
      limits: this.limiter.prepare(config.limits),
      policies: compilePolicies(config),
      auth,
      credentials,
      materials: this.#materials(config, credentials),
    };
  }

  apply({ config, limits, policies, auth, credentials }: PreparedGuards): void {
    this.#config = config;
    this.limiter.apply(limits);
    this.policies.apply(policies);
    this.pins.apply(new Map(Object.entries(config.upstreams).map(([name, { pinning }]) => [name, pinning])));
    this.#auth = auth;
    this.#credentials = credentials;
  }

  /** What could happen to messages of a wrapped server. */
  effectOn(serverName: string): EffectOnServer {
    const policies = this.policies.compiled.effectOn(serverName);
    return { ...policies, canAct: policies.canAct || this.limiter.effectOn(serverName).canAct };
  }

  limitsState(): LimitsState {
    return this.limiter.state();
  }

  /** How the issuers of all listeners are reached, for the health page. */
  issuers(): readonly ReturnType<ListenerAuth['health']>[number][] {
    return [...this.#auth.values()].flatMap(auth => [...auth.health()]);
  }

  async close(): Promise<void> {
    this.signIns.close();
    await this.#deps.pinStore.close();
  }

  #materials(config: Config, prepared: ReadonlyMap<string, Kept>): ReadonlyMap<string, UpstreamMaterial> {
    const keyHeaders = config.listeners.flatMap(({ auth }) => (auth === undefined ? [] : [auth.apiKeyHeader.toLowerCase()]));
    return new Map(
      Object.entries(config.upstreams).map(([name, upstream]) => {
        const credentials = prepared.get(name)?.credentials;
        const expression = affinityExpression(upstream.affinity);
        const material: UpstreamMaterial = {
          keyHeaders,
          ...(credentials === undefined ? {} : { credentials }),
          ...(expression === undefined ? {} : { affinityKey: exchange => this.#keyOf(expression, exchange) }),
        };
        return [name, material];
      }),
    );
  }

  /** Tokens that were got stay while the entry is the same. */
  #preparedCredentials(config: Config, isAnew: boolean): ReadonlyMap<string, Kept> {
    const { secret, clock, log } = this.#deps;
    const prepared = new Map<string, Kept>();
    for (const [name, { credentials }] of Object.entries(config.upstreams)) {
      if (credentials === undefined) continue;
      const text = JSON.stringify(credentials);
      const kept = this.#credentials.get(name);
      const signIn = (upstream: string) => this.signIns.credentialsFor(upstream);
      const isKept = kept?.text === text && !(isAnew && isStatic(credentials));
      const made = isKept ? kept.credentials : upstreamCredentials(credentials, { upstream: name, secret, clock, log, signIn });
      prepared.set(name, { text, credentials: made });
    }
    return prepared;
  }

  /** What has no value is balanced like any other request. */
  #keyOf(expression: Expression, exchange: Exchange): string | undefined {
    const { guard } = exchange;
    const item = guard?.items[0];
    if (guard === undefined || item === undefined) return undefined;
    const outcome = expression.key(subjectOf(item, surroundingsOf(exchange, guard, this.#deps.clock.now())));
    return outcome.ok ? outcome.value : undefined;
  }

  #signInTarget(name: string) {
    const upstream = this.#config?.upstreams[name];
    const url = upstream?.instances.find(instance => instance.url !== undefined && !instance.disabled)?.url;
    const { credentials } = upstream ?? {};
    if (url === undefined || credentials === undefined || !('signIn' in credentials)) return undefined;
    return { upstream: name, url, config: credentials.signIn };
  }
}

function isStatic(credentials: CredentialsConfig): boolean {
  return 'bearer' in credentials || 'header' in credentials;
}
