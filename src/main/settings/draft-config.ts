/** A draft of a configuration: values changed in its text, and what the text then says of policies, whether or not it could be taken. */
import { Match } from '../../shared/config/schema.ts';
import type { ConfigDraft, DraftDefaults, DraftPolicy } from '../../shared/model/config-draft.ts';
import { isRecord } from './config-shape.ts';
import { type ConfigDocument, readYaml } from './config-yaml.ts';
import { editText } from './edit-config.ts';
import type { ConfigEdit } from './edit-nodes.ts';
import { readConfig, type ReadConfigOptions } from './read-config.ts';

/** A text in which the edits cannot be made stays as it is, and `editProblem` says why. */
export function draftConfig(text: string, edits: readonly ConfigEdit[], options: ReadConfigOptions = {}): ConfigDraft {
  const edited = edits.length === 0 ? { ok: true as const, text } : editText(text, edits);
  const changed = edited.ok ? edited.text : text;
  const read = readConfig(changed, options);
  const problems = read.ok ? [] : [...read.problems];
  const yaml = readYaml(changed);
  return {
    text: changed,
    problems,
    warnings: [...read.warnings],
    ...(edited.ok ? {} : { editProblem: edited.problems[0]?.message ?? 'This cannot be changed here.' }),
    isReadable: yaml.ok,
    ...saidOfPolicies(yaml.ok ? yaml.yaml : undefined),
  };
}

function saidOfPolicies(yaml: ConfigDocument | undefined): Pick<ConfigDraft, 'policies' | 'policyMode' | 'defaults' | 'servers'> {
  const root = isRecord(yaml?.value) ? yaml.value : {};
  const policies: unknown = root['policies'];
  return {
    policies: yaml === undefined || !Array.isArray(policies) ? [] : policies.map((value: unknown, at) => policyOf(yaml, value, at)),
    policyMode: textIn(root, 'policyMode') ?? 'enforce',
    defaults: defaultsOf(root['defaults']),
    servers: isRecord(root['upstreams']) ? Object.keys(root['upstreams']) : [],
  };
}

function policyOf(yaml: ConfigDocument, value: unknown, at: number): DraftPolicy {
  const said = isRecord(value) ? value : {};
  const match = isRecord(said['match']) ? said['match'] : {};
  const { line } = yaml.placeOf(['policies', at]);
  return {
    line,
    endLine: Math.max(line, endLineOf(yaml, at)),
    id: textIn(said, 'id') ?? '',
    effect: textIn(said, 'effect') ?? '',
    mode: textIn(said, 'mode') ?? 'enforce',
    when: textIn(said, 'when'),
    message: textIn(said, 'message'),
    match: Object.fromEntries(
      Object.keys(Match.shape).flatMap(key => {
        const globs: unknown = match[key];
        return Array.isArray(globs) ? [[key, globs.map(String)]] : [];
      }),
    ),
  };
}

/** The last line of an entry, without the blank lines and remarks that follow it. */
function endLineOf({ document, text }: ConfigDocument, at: number): number {
  const node: unknown = document.getIn(['policies', at], true);
  const end = (node as { range?: readonly [number, number, number] } | undefined)?.range?.[1] ?? 0;
  return text.slice(0, end).trimEnd().split('\n').length;
}

function defaultsOf(value: unknown): DraftDefaults {
  const said = isRecord(value) ? value : {};
  return { effect: textIn(said, 'effect'), onError: textIn(said, 'onError') ?? 'deny', hideDenied: said['hideDenied'] !== false };
}

function textIn(map: Readonly<Record<string, unknown>>, key: string): string | undefined {
  const value = map[key];
  return typeof value === 'string' ? value : typeof value === 'number' || typeof value === 'boolean' ? String(value) : undefined;
}
