/** All commands, in the order of the help. Each is loaded only when it is run, so that `--help` stays fast. */
import type { Command } from './command.ts';

export interface CommandEntry {
  /** One or two words. */
  readonly name: string;
  readonly summary: string;
  load(): Promise<Command>;
}

export const commandList: readonly CommandEntry[] = [
  { name: 'serve', summary: 'run the host and serve its window to a browser', load: async () => (await import('./serve.ts')).serve },
  {
    name: 'wrap',
    summary: 'run an MCP server over stdio and record it (see wrap --help)',
    load: async () => (await import('./wrap-help.ts')).wrapHelp,
  },
  { name: 'proxy', summary: 'put Shadowcat before an MCP server that speaks HTTP', load: async () => (await import('./proxy.ts')).proxy },
  {
    name: 'gateway',
    summary: 'guard MCP servers as a configuration file says',
    load: async () => (await import('./gateway.ts')).gateway,
  },
  {
    name: 'connect',
    summary: 'be a stdio server for a client, in front of an MCP server that speaks HTTP',
    load: async () => (await import('./connect.ts')).connect,
  },
  { name: 'session list', summary: 'list recorded sessions', load: async () => (await import('./session-list.ts')).sessionList },
  { name: 'session show', summary: 'show a session with its frames', load: async () => (await import('./session-show.ts')).sessionShow },
  { name: 'session rename', summary: 'give a session a name', load: async () => (await import('./session-rename.ts')).sessionRename },
  { name: 'session kill', summary: 'end live sessions', load: async () => (await import('./session-kill.ts')).sessionKill },
  { name: 'session delete', summary: 'delete sessions', load: async () => (await import('./session-delete.ts')).sessionDelete },
  { name: 'tape export', summary: 'write a session as JSON Lines', load: async () => (await import('./tape-export.ts')).tapeExport },
  {
    name: 'audit verify',
    summary: 'check that nobody changed the audit',
    load: async () => (await import('./audit-verify.ts')).auditVerify,
  },
  {
    name: 'audit list',
    summary: 'list what was refused, called and changed',
    load: async () => (await import('./audit-list.ts')).auditList,
  },
  { name: 'audit export', summary: 'write the audit as JSON Lines', load: async () => (await import('./audit-export.ts')).auditExport },
  {
    name: 'config init',
    summary: 'write a first configuration, also of the servers of a client',
    load: async () => (await import('./config-init.ts')).configInit,
  },
  {
    name: 'config check',
    summary: 'look for mistakes in a configuration',
    load: async () => (await import('./config-check.ts')).configCheck,
  },
  {
    name: 'config print',
    summary: 'show a configuration as it is in force',
    load: async () => (await import('./config-print.ts')).configPrint,
  },
  {
    name: 'config schema',
    summary: 'print the JSON Schema of the configuration',
    load: async () => (await import('./config-schema.ts')).configSchema,
  },
  {
    name: 'config history',
    summary: 'list the configurations that were in force, and compare them',
    load: async () => (await import('./config-history.ts')).configHistory,
  },
  {
    name: 'config rollback',
    summary: 'bring an earlier configuration back into force',
    load: async () => (await import('./config-rollback.ts')).configRollback,
  },
  {
    name: 'policy dry-run',
    summary: 'judge recorded calls by the policies of a draft',
    load: async () => (await import('./policy-dry-run.ts')).policyDryRun,
  },
  { name: 'status', summary: 'show the gateway of the running host', load: async () => (await import('./status.ts')).status },
  {
    name: 'upstream trip',
    summary: 'stop calling an instance until it is probed',
    load: async () => (await import('./upstream-breaker.ts')).upstreamTrip,
  },
  {
    name: 'upstream reset',
    summary: 'close the breakers of an instance',
    load: async () => (await import('./upstream-breaker.ts')).upstreamReset,
  },
  {
    name: 'upstream isolate',
    summary: 'keep every request from an instance',
    load: async () => (await import('./upstream-breaker.ts')).upstreamIsolate,
  },
  {
    name: 'upstream rejoin',
    summary: 'take an isolation back',
    load: async () => (await import('./upstream-breaker.ts')).upstreamRejoin,
  },
  {
    name: 'pin list',
    summary: 'list tools that a server describes differently than before',
    load: async () => (await import('./pin-list.ts')).pinList,
  },
  { name: 'pin approve', summary: 'let a changed tool go on', load: async () => (await import('./pin-approve.ts')).pinApprove },
  { name: 'sign-in', summary: 'sign in to a server that the gateway calls', load: async () => (await import('./sign-in.ts')).signIn },
  {
    name: 'secret set',
    summary: 'keep what ${vault:NAME} in a configuration stands for',
    load: async () => (await import('./secret-set.ts')).secretSet,
  },
  { name: 'secret list', summary: 'list the names in the vault', load: async () => (await import('./secret-list.ts')).secretList },
  {
    name: 'secret delete',
    summary: 'delete a secret from the vault',
    load: async () => (await import('./secret-delete.ts')).secretDelete,
  },
  { name: 'doctor', summary: 'look for what is wrong on this machine', load: async () => (await import('./doctor.ts')).doctor },
  {
    name: 'completions',
    summary: 'print completions for bash, zsh or fish',
    load: async () => (await import('./completions.ts')).completions,
  },
];

/** Looks the words up; `rest` is what is left of them. */
export function findCommand(words: readonly string[]): { entry: CommandEntry; rest: readonly string[] } | undefined {
  for (const length of [2, 1]) {
    const name = words.slice(0, length).join(' ');
    const entry = words.length < length ? undefined : commandList.find(known => known.name === name);
    if (entry !== undefined) return { entry, rest: words.slice(length) };
  }
  return undefined;
}
