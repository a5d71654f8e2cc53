/** The innermost stage: hands the exchange to its route's upstream. */
import type { Answer, Stage, Verdict } from '../pipeline/stage.ts';

/** Sends to the upstream that the listener's route named. */
export function forward(): Stage {
  return {
    name: 'forward',
    handle: exchange => exchange.route.upstream.send(exchange).then(answered),
  };
}

function answered(answer: Answer): Verdict {
  return { kind: 'answer', answer };
}
