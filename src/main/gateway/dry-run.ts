/** Judges recorded calls by a draft. */
import type { DryRunResult } from '../../shared/model/gateway-state.ts';
import type { StoreReader } from '../store/traffic-store.ts';
import type { Gateway } from './gateway.ts';

export function dryRunOver(
  _deps: { readonly gateway: Gateway; readonly store: StoreReader },
  _draft: { readonly text: string; readonly sessionId?: string | undefined; readonly limit: number },
  _signal: AbortSignal,
): Promise<DryRunResult> {
  return Promise.reject(new Error('not yet'));
}
