/** Typed calls and topics over either wire. A topic that breaks or skips a number is subscribed again: its first message is the whole state. */
import type { CallInput, CallName, CallOutput } from '../../shared/contract/calls.ts';
import type { TopicMessage, TopicName, TopicParams } from '../../shared/contract/topics.ts';
import type { Wire } from './bridge.ts';
import type { WireState } from './wire-state.ts';

/** A call that the host refused or could not do. */
export class HostError extends Error {
  override readonly name = 'HostError';
  readonly code: string;

  constructor(code: string, message: string) {
    super(message);
    this.code = code;
  }
}

/** What the stores need of a host; tests hand in their own. */
export interface HostClient {
  readonly state: WireState;
  onState(listener: () => void): () => void;
  call<N extends CallName>(name: N, input: CallInput<N>): Promise<CallOutput<N>>;
  /** Follows a topic until released, across gaps and reconnects. */
  follow<N extends TopicName>(topic: N, params: TopicParams<N>, onMessage: (message: TopicMessage<N>) => void): () => void;
}

/** Pause before a topic that the host closed is asked for again. */
const RESUBSCRIBE_MS = 500;

/** Puts the contract's types on a wire. The host checked every value against the same schemas, so nothing is parsed twice. */
export function hostClient(wire: Wire): HostClient {
  return {
    get state() {
      return wire.current;
    },
    onState: listener => wire.onChange(listener),
    async call(name, input) {
      const reply = await wire.call(name, input);
      if (!reply.ok) throw new HostError(reply.code, reply.message);
      return reply.value as never;
    },
    follow: (topic, params, onMessage) => followTopic(wire, topic, params, message => onMessage(message as never)),
  };
}

function followTopic(wire: Wire, topic: string, params: unknown, onMessage: (message: unknown) => void): () => void {
  let isReleased = false;
  let release = () => {};
  let timer: ReturnType<typeof setTimeout> | undefined;
  let generation = 0;

  const subscribe = () => {
    release();
    clearTimeout(timer);
    if (isReleased || wire.current.kind !== 'connected') return;
    generation += 1;
    const mine = generation;
    let lastSeq = 0;
    release = wire.subscribe(
      topic,
      params,
      (seq, message) => {
        if (isReleased || mine !== generation || seq <= lastSeq) return;
        if (seq > lastSeq + 1 && lastSeq > 0) return subscribe();
        lastSeq = seq;
        onMessage(message);
      },
      () => {
        if (isReleased || mine !== generation) return;
        clearTimeout(timer);
        timer = setTimeout(subscribe, RESUBSCRIBE_MS);
      },
    );
  };

  const stopListening = wire.onChange(() => {
    if (wire.current.kind === 'connected') subscribe();
  });
  subscribe();
  return () => {
    isReleased = true;
    clearTimeout(timer);
    stopListening();
    release();
  };
}
