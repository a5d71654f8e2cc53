/** Limits per address, before anything is spent on finding out who asks. */
import { limitedStage } from '../pipeline/limits/limited-stage.ts';
import type { RateLimiter } from '../pipeline/limits/rate-limiter.ts';
import type { Stage } from '../pipeline/stage.ts';

export interface LimitIpDeps {
  readonly limiter: RateLimiter;
}

export function limitIp({ limiter }: LimitIpDeps): Stage {
  return limitedStage('limit-ip', ['ip'], limiter);
}
