/** All limits but those per address, once it is known who asks and that it is allowed: what a policy refuses costs nothing. */
import { limitedStage } from '../pipeline/limits/limited-stage.ts';
import type { RateLimiter } from '../pipeline/limits/rate-limiter.ts';
import type { Stage } from '../pipeline/stage.ts';

export interface LimitRateDeps {
  readonly limiter: RateLimiter;
}

export function limitRate({ limiter }: LimitRateDeps): Stage {
  return limitedStage('limit-rate', ['global', 'user', 'session', 'endpoint'], limiter);
}
