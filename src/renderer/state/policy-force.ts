/** Whether the file is in force, and why not. */
import type { ConfigFile, GatewayStatus } from '../../shared/model/gateway-state.ts';

export type Force =
  | { readonly kind: 'none' }
  | { readonly kind: 'in-force'; readonly since: number | undefined }
  | { readonly kind: 'rejected'; readonly problems: readonly string[] }
  | { readonly kind: 'waiting' };

export function forceOf(file: ConfigFile, status: GatewayStatus | undefined): Force {
  if (!file.exists || status === undefined) return { kind: 'none' };
  if (status.configHash === file.hash) return { kind: 'in-force', since: status.configuredAt };
  if (status.configProblems.length > 0) return { kind: 'rejected', problems: status.configProblems };
  return { kind: 'waiting' };
}
