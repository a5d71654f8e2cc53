/** A policy as a sentence with its parts set apart. The effect has a glyph and a word, and only a denial a colour. */
import { BookOpenText, Check, CircleHelp, ShieldCheck, ShieldX, type LucideIcon } from 'lucide-react';
import type { DraftPolicy } from '../../../shared/model/config-draft.ts';
import { visibleText } from '../../../shared/text/visible-text.ts';
import { policySentence, type SentencePart } from '../../state/policy-words.ts';
import { cn } from '../../ui/cn.ts';

const effectIcons: Readonly<Record<string, LucideIcon>> = { deny: ShieldX, allow: Check, require: ShieldCheck, log: BookOpenText };

export function PolicySentence({ policy }: { readonly policy: DraftPolicy }) {
  return (
    <p className="sentence">
      {policySentence(policy).map((part, at) => (
        // A sentence has no other identity than the place of its parts.
        // oxlint-disable-next-line react/no-array-index-key
        <Part key={at} part={part} />
      ))}
    </p>
  );
}

function Part({ part }: { readonly part: SentencePart }) {
  switch (part.kind) {
    case 'word':
      return <>{part.text} </>;
    case 'match':
      return (
        <>
          <span className="tok">
            <b>{part.label}</b> <span className="clip">{visibleText(part.text)}</span>
          </span>{' '}
        </>
      );
    case 'code':
      return (
        <>
          <code className="tok-code">{visibleText(part.text)}</code>{' '}
        </>
      );
    case 'effect': {
      const Icon = effectIcons[part.text] ?? CircleHelp;
      return (
        <>
          <span className={cn('tok', part.text === 'deny' ? 'denied' : 'act')}>
            <Icon className="i s" aria-hidden="true" />
            {visibleText(part.text)}
          </span>{' '}
        </>
      );
    }
    case 'message':
      return <>“{visibleText(part.text)}”</>;
  }
}
