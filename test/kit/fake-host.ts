/** A host for components: topics that a test sets, calls that it answers and reads. */
import type { CallInput, CallName, CallOutput } from '../../src/shared/contract/calls.ts';
import type { TopicMessage, TopicName } from '../../src/shared/contract/topics.ts';
import type { HostClient } from '../../src/renderer/host/host-client.ts';
import type { WireState } from '../../src/renderer/host/wire-state.ts';

type Answers = { readonly [N in CallName]?: (input: CallInput<N>) => CallOutput<N> | Promise<CallOutput<N>> };

export class FakeHost implements HostClient {
  state: WireState = { kind: 'connected' };
  /** Calls in order, without those that every window makes by itself. */
  readonly asked: unknown[] = [];
  readonly #answers: Answers;
  readonly #messages = new Map<string, unknown>();
  readonly #listeners = new Map<string, Set<(message: never) => void>>();
  readonly #stateListeners = new Set<() => void>();

  constructor(answers: Answers = {}) {
    this.#answers = answers;
  }

  onState(listener: () => void): () => void {
    this.#stateListeners.add(listener);
    return () => this.#stateListeners.delete(listener);
  }

  become(state: WireState): void {
    this.state = state;
    for (const listener of this.#stateListeners) listener();
  }

  tell<N extends TopicName>(topic: N, message: TopicMessage<N>): void {
    this.#messages.set(topic, message);
    for (const listener of this.#listeners.get(topic) ?? []) listener(message as never);
  }

  async call<N extends CallName>(name: N, input: CallInput<N>): Promise<CallOutput<N>> {
    await Promise.resolve();
    const answer = this.#answers[name] as Answers[N];
    if (answer === undefined) return new Promise(() => {});
    this.asked.push({ [name]: input });
    return answer(input);
  }

  follow<N extends TopicName>(topic: N, _params: unknown, onMessage: (message: TopicMessage<N>) => void): () => void {
    const known = this.#listeners.get(topic) ?? new Set();
    this.#listeners.set(topic, known.add(onMessage as never));
    if (this.state.kind === 'connected' && this.#messages.has(topic)) onMessage(this.#messages.get(topic) as never);
    return () => known.delete(onMessage as never);
  }
}
