/** The latest message of one topic. Before the first message, and for ever while the host is away, the last known state stays. */
import type { TopicMessage, TopicName, TopicParams } from '../../shared/contract/topics.ts';
import type { HostClient } from '../host/host-client.ts';
import { Emitter } from './emitter.ts';

export class TopicStore<N extends TopicName> {
  #message: TopicMessage<N> | undefined;
  readonly #emitter = new Emitter();
  readonly #release: () => void;
  readonly subscribe = this.#emitter.subscribe;

  constructor(host: HostClient, topic: N, params: TopicParams<N>) {
    this.#release = host.follow(topic, params, message => {
      this.#message = message;
      this.#emitter.announce();
    });
  }

  readonly get = (): TopicMessage<N> | undefined => this.#message;

  close(): void {
    this.#release();
  }
}
