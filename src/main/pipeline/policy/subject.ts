/** What policies, limits and expressions look at: one message and its surroundings, read from the body and never from `Mcp-*` headers. */
import type { Era } from '../../../shared/mcp/facts.ts';
import type { ReadMessage } from '../../traffic/sighting.ts';
import type { Guard, Principal } from '../guard.ts';
import type { Exchange } from '../stage.ts';
import type { ToolMeta } from '../tool-catalogue.ts';

export interface Subject {
  /** Empty for an answer, which has no method. */
  readonly method: string;
  readonly server: string;
  /** Empty where the message is not about a tool, a prompt, a resource. */
  readonly tool: string;
  readonly prompt: string;
  /** Its URI. */
  readonly resource: string;
  /** `params.arguments` of a call or a prompt, else `params`; undefined when there are none. */
  readonly args: unknown;
  readonly principal: Principal;
  readonly client: { readonly ip: string; readonly name: string; readonly version: string };
  readonly session: { readonly id: string; readonly era: Era };
  readonly http: {
    readonly method: string;
    readonly path: string;
    readonly rawHeaders: readonly string[];
    /** Header that carries the listener's API keys, lower case. */
    readonly keyHeader?: string | undefined;
  };
  readonly toolMeta: ToolMeta | undefined;
  /** Epoch ms. */
  readonly nowMs: number;
  /** Of a message of the record: what of all this is not known (`principal.claims`). What looks at it errs, and can be told by that. */
  readonly unrecorded?: ReadonlySet<string>;
}

/** What all messages of an exchange share. */
export type Surroundings = Pick<Subject, 'server' | 'principal' | 'client' | 'session' | 'http' | 'nowMs' | 'unrecorded'>;

export function surroundingsOf(exchange: Exchange, guard: Guard, nowMs: number): Surroundings {
  const { client, principal, era, session, route } = guard;
  // Of revision 2026-07-28 each request names its client; of older ones `initialize` did, and the listener remembers.
  const peer = guard.items[0]?.facts.clientInfo;
  const isStdio = exchange.route.transport === 'stdio';
  const { method, path, rawHeaders } = exchange.request;
  return {
    server: route.upstream,
    principal,
    client: { ip: client.ip, name: client.name ?? peer?.name ?? '', version: client.version ?? peer?.version ?? '' },
    session: { id: session?.id ?? '', era },
    http: isStdio ? { method: '', path: '', rawHeaders: [] } : { method, path, rawHeaders, keyHeader: route.keyHeader },
    nowMs,
  };
}

/** `metaOf` is asked for the tool of a call. */
export function subjectOf(
  { message, facts }: ReadMessage,
  surroundings: Surroundings,
  metaOf: (tool: string) => ToolMeta | undefined = () => undefined,
): Subject {
  const method = 'method' in message ? message.method : '';
  const params = 'params' in message ? message.params : undefined;
  const target = facts.target ?? '';
  const kind = kindOf(method, params);
  return {
    ...surroundings,
    method,
    tool: kind === 'tool' ? target : '',
    prompt: kind === 'prompt' ? target : '',
    resource: kind === 'resource' ? target : '',
    args: kind === 'tool' || method === 'prompts/get' ? memberOf(params, 'arguments') : params,
    toolMeta: kind === 'tool' ? metaOf(target) : undefined,
  };
}

/** One entry of a list, as if it were asked for: without arguments, because nobody has given any yet. */
export function listedSubject(
  listing: { readonly kind: 'tool' | 'prompt' | 'resource'; readonly name: string },
  surroundings: Surroundings,
  toolMeta: ToolMeta | undefined,
): Subject {
  const { kind, name } = listing;
  return {
    ...surroundings,
    method: kind === 'tool' ? 'tools/call' : kind === 'prompt' ? 'prompts/get' : 'resources/read',
    tool: kind === 'tool' ? name : '',
    prompt: kind === 'prompt' ? name : '',
    resource: kind === 'resource' ? name : '',
    args: undefined,
    toolMeta: kind === 'tool' ? toolMeta : undefined,
  };
}

function kindOf(method: string, params: unknown): 'tool' | 'prompt' | 'resource' | undefined {
  switch (method) {
    case 'tools/call':
      return 'tool';
    case 'prompts/get':
      return 'prompt';
    case 'resources/read':
    case 'resources/subscribe':
    case 'resources/unsubscribe':
      return 'resource';
    case 'completion/complete':
      // What is completed is an argument of a prompt or the template of a resource.
      return memberOf(memberOf(params, 'ref'), 'type') === 'ref/prompt' ? 'prompt' : 'resource';
    default:
      return undefined;
  }
}

function memberOf(value: unknown, name: string): unknown {
  return typeof value === 'object' && value !== null && Object.hasOwn(value, name) ? (value as Record<string, unknown>)[name] : undefined;
}
