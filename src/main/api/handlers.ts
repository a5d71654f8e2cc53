/** The handlers of all calls, put together from those of each noun. */
import type { ApiDeps } from './api-deps.ts';
import { exchangeCalls } from './exchange-calls.ts';
import { gatewayCalls } from './gateway-calls.ts';
import { hostCalls } from './host-calls.ts';
import { secretCalls } from './secret-calls.ts';
import type { CallHandlers } from './serve-calls.ts';
import { sessionCalls } from './session-calls.ts';
import { timelineCalls } from './timeline-calls.ts';

export function callHandlers(deps: ApiDeps): CallHandlers {
  return {
    ...hostCalls(deps),
    ...gatewayCalls(deps),
    ...secretCalls(deps),
    ...sessionCalls(deps),
    ...timelineCalls(deps),
    ...exchangeCalls(deps),
  };
}
