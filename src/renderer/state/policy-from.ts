/** A policy about calls like one that was recorded: a beginning, to be narrowed or widened. */
import type { ExchangeSummary } from '../../shared/model/exchange.ts';
import type { NewPolicy } from './policy-edits.ts';

export function policyFrom({ serverName, method, target = '' }: Pick<ExchangeSummary, 'serverName' | 'method' | 'target'>): NewPolicy {
  return {
    id: nameOf(`deny-${target === '' ? method : target}`),
    effect: 'deny',
    match: {
      methods: [method],
      ...(serverName === '' ? {} : { servers: [serverName] }),
      ...aboutTarget(method, target),
    },
  };
}

/** Globs know no escape: a name with `*` in it fits itself, and more. */
function aboutTarget(method: string, target: string): NewPolicy['match'] {
  if (target === '') return {};
  if (method === 'tools/call') return { tools: [target] };
  if (method === 'prompts/get') return { prompts: [target] };
  return method.startsWith('resources/') ? { resources: [target] } : {};
}

/** Letters, digits, ".", "_" and "-", at most 64, as names of the configuration are. */
function nameOf(text: string): string {
  return text.replaceAll(/[^A-Za-z0-9._-]+/g, '-').slice(0, 60);
}
