/** A policy as a sentence: when what happens, and what then. */
import type { DraftPolicy } from '../../shared/model/config-draft.ts';
import { matchKeys, type MatchKey } from './policy-edits.ts';

export type SentencePart =
  | { readonly kind: 'word'; readonly text: string }
  | { readonly kind: 'match'; readonly label: string; readonly text: string }
  | { readonly kind: 'code'; readonly text: string }
  | { readonly kind: 'effect'; readonly text: string }
  | { readonly kind: 'message'; readonly text: string };

const matchWords: Readonly<Record<MatchKey, string>> = {
  methods: 'method',
  servers: 'server',
  tools: 'tool',
  prompts: 'prompt',
  resources: 'resource',
  clients: 'client',
};

export function matchWord(key: MatchKey): string {
  return matchWords[key];
}

/** `require` reads the other way round: what must be true stands at the end. */
export function policySentence({ effect, match, when = '', message = '' }: DraftPolicy): readonly SentencePart[] {
  const about = matchKeys.flatMap((key): SentencePart[] => {
    const globs = match[key] ?? [];
    return globs.length === 0 ? [] : [{ kind: 'match', label: matchWords[key], text: globs.join(', ') }];
  });
  const condition: SentencePart[] = when === '' ? [] : [{ kind: 'code', text: when.trim() }];
  const isRequired = effect === 'require';
  const outcome: SentencePart = { kind: 'effect', text: effect === '' ? 'no effect yet' : effect };
  const required = condition.length === 0 ? [word('nothing')] : condition;
  return [
    ...circumstances(about, isRequired ? [] : condition),
    outcome,
    ...(isRequired ? required : []),
    ...(message === '' ? [] : [{ kind: 'message', text: message } as const]),
  ];
}

function circumstances(about: readonly SentencePart[], condition: readonly SentencePart[]): readonly SentencePart[] {
  if (about.length + condition.length === 0) return [word('Always')];
  const both = about.length > 0 && condition.length > 0 ? [word('and')] : [];
  return [word('When'), ...about, ...both, ...condition, word('then')];
}

/** The sentence as plain text. */
export function sentenceText(parts: readonly SentencePart[]): string {
  return parts
    .map(part => (part.kind === 'match' ? `${part.label} ${part.text}` : part.kind === 'message' ? `“${part.text}”` : part.text))
    .join(' ');
}

const word = (text: string) => ({ kind: 'word', text }) as const;
