/** Policies that many begin with. Each is whole: it can be saved as it is, and says what it does. */
import type { NewPolicy } from '../../state/policy-edits.ts';

export interface PolicyTemplate {
  readonly title: string;
  readonly policy: NewPolicy;
}

const calls = ['tools/call'] as const;

/** With the name of a server that the file has. */
export const policyTemplates = (server = '*'): readonly PolicyTemplate[] => [
  {
    title: 'Deny a tool',
    policy: {
      id: 'deny-tool',
      effect: 'deny',
      match: { methods: calls, tools: ['delete_*'] },
      message: 'Nothing is deleted through this gateway',
    },
  },
  {
    title: 'Only tools that say they are read-only',
    policy: {
      id: 'read-only',
      effect: 'require',
      match: { methods: calls },
      when: 'has(tool_meta.readOnly) && tool_meta.readOnly',
      message: 'Only tools that change nothing may be called',
    },
  },
  {
    title: 'Allow the tools of one server',
    policy: { id: 'allow-server', effect: 'allow', match: { methods: calls, servers: [server] } },
  },
  { title: 'Log every tool call', policy: { id: 'log-calls', effect: 'log', match: { methods: calls } } },
];
