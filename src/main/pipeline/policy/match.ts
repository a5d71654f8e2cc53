/** Which messages a policy or a limit is about: lists of globs, all of which have to fit. */
import type { Match } from '../../../shared/config/schema.ts';
import { bestMatch, compileGlob, type Glob } from '../../support/glob.ts';
import type { Subject } from './subject.ts';

/** What of a subject globs look at. */
export type Matchable = Pick<Subject, 'method' | 'server' | 'tool' | 'prompt' | 'resource'> & {
  readonly client: { readonly name: string };
};

export interface CompiledMatch {
  /** Every list that is given has a glob that fits. A list of tools fits no message without a tool, and so on. */
  matches(subject: Matchable): boolean;
  /** Whether it could fit any message of this server. */
  mayMatchServer(server: string): boolean;
  /** Names a method that a server may ask or tell its client by, and is thereby meant for messages of servers too. */
  readonly isForServers: boolean;
  /** How closely it names this subject; the target counts before the method, and both before server and client. */
  specificity(subject: Matchable): readonly number[];
}

/** What clients ask of servers and servers never of clients. */
const ofClients = ['tools/', 'prompts/', 'resources/', 'completion/', 'logging/', 'server/', 'subscriptions/', 'initialize'] as const;

export function compileMatch(match: Match | undefined): CompiledMatch {
  const { methods, servers, tools, prompts, resources, clients } = match ?? {};
  const byMethod = globs(methods);
  const byServer = globs(servers);
  const byTool = globs(tools);
  const byPrompt = globs(prompts);
  const byResource = globs(resources);
  const byClient = globs(clients);
  return {
    matches: ({ method, server, tool, prompt, resource, client }) =>
      fits(byMethod, method) &&
      fits(byServer, server) &&
      fits(byTool, tool) &&
      fits(byPrompt, prompt) &&
      fits(byResource, resource) &&
      fits(byClient, client.name),
    mayMatchServer: server => fits(byServer, server),
    isForServers: methods?.some(glob => !ofClients.some(prefix => glob.startsWith(prefix))) === true,
    specificity: ({ method, server, tool, prompt, resource, client }) => [
      Math.max(closeness(byTool, tool), closeness(byPrompt, prompt), closeness(byResource, resource)),
      closeness(byMethod, method),
      closeness(byServer, server),
      closeness(byClient, client.name),
    ],
  };
}

/** Negative, zero or positive like a comparison: by the first place in which they differ. */
export function compareSpecificity(one: readonly number[], other: readonly number[]): number {
  for (let at = 0; at < one.length; at += 1) {
    const difference = (one[at] as number) - (other[at] as number);
    if (difference !== 0) return difference;
  }
  return 0;
}

function globs(texts: readonly string[] | undefined): readonly Glob[] | undefined {
  return texts?.map(text => compileGlob(text));
}

/** An absent list fits everything; a list fits no message that has no such thing. */
function fits(list: readonly Glob[] | undefined, value: string): boolean {
  return list === undefined || (value !== '' && list.some(glob => glob.matches(value)));
}

function closeness(list: readonly Glob[] | undefined, value: string): number {
  return list === undefined || value === '' ? -1 : (bestMatch(list, value)?.specificity ?? -1);
}
