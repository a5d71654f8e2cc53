/** The innermost stage: hands the exchange to its route's upstream. */
import type { Stage } from '../pipeline/stage.ts';

/** Sends to the upstream that the listener's route named. */
export function forward(): Stage {
  return {
    name: 'forward',
    async handle(exchange) {
      return { kind: 'answer', answer: await exchange.route.upstream.send(exchange) };
    },
  };
}
