/** One breaker per tool of an instance, where the configuration asks for it. Names come from clients, so their number and length are bounded. */
import type { BreakerConfig } from '../../../shared/config/schema.ts';
import type { BreakerState } from '../../../shared/model/gateway-state.ts';
import { keptKey } from '../../support/kept-text.ts';
import { Breaker, type BreakerDeps, type BreakerTransition } from './breaker.ts';

/** Beyond this the one that was used longest ago and has nothing to remember is forgotten; where all have, a tool gets none. */
const MAX_TOOLS = 256;

export interface ToolBreakersDeps extends Omit<BreakerDeps, 'onTransition' | 'hasProbe'> {
  readonly onTransition: (tool: string, transition: BreakerTransition) => void;
}

export class ToolBreakers {
  readonly #deps: ToolBreakersDeps;
  #config: BreakerConfig;
  /** In the order of use. */
  readonly #byTool = new Map<string, Breaker>();

  constructor(config: BreakerConfig, deps: ToolBreakersDeps) {
    this.#config = config;
    this.#deps = deps;
  }

  configure(config: BreakerConfig): void {
    this.#config = config;
    if (!config.perTool || !config.enabled) this.#byTool.clear();
    else for (const breaker of this.#byTool.values()) breaker.configure(config);
  }

  /** The breaker of a tool if there is one already. */
  find(tool: string | undefined): Breaker | undefined {
    return tool === undefined ? undefined : this.#byTool.get(keptKey(tool));
  }

  /** The breaker of a tool that is about to be called. */
  use(tool: string | undefined): Breaker | undefined {
    if (tool === undefined || !this.#config.perTool || !this.#config.enabled) return undefined;
    const key = keptKey(tool);
    const known = this.#byTool.get(key);
    if (known === undefined && this.#byTool.size >= MAX_TOOLS && !this.#forgetOne()) return undefined;
    const breaker = known ?? this.#make(key);
    this.#byTool.delete(key);
    this.#byTool.set(key, breaker);
    return breaker;
  }

  advance(): void {
    for (const breaker of this.#byTool.values()) breaker.advance();
  }

  reset(reason: string): void {
    for (const breaker of this.#byTool.values()) breaker.reset(reason);
  }

  /** Those that are not closed. */
  get states(): { tool: string; breaker: BreakerState }[] {
    return [...this.#byTool].flatMap(([tool, breaker]) => (breaker.word === 'closed' ? [] : [{ tool, breaker: breaker.state }]));
  }

  #make(tool: string): Breaker {
    const { clock, random, onTransition } = this.#deps;
    // A tool is tried by a real call: nothing harmless can be said about it.
    return new Breaker(this.#config, { clock, random, hasProbe: false, onTransition: transition => onTransition(tool, transition) });
  }

  #forgetOne(): boolean {
    for (const [tool, breaker] of this.#byTool) if (breaker.isBlank) return this.#byTool.delete(tool);
    return false;
  }
}
