/** One policy as a form. Each field writes its own value into the text; what is wrong stands beside it. */
import { useId, type ReactNode } from 'react';
import type { ConfigEdit } from '../../../shared/contract/calls.ts';
import type { ConfigDraft } from '../../../shared/model/config-draft.ts';
import type { ConfigProblem } from '../../../shared/model/gateway-state.ts';
import { fieldEdit, matchEdits, matchKeys, withPending, type MatchKey } from '../../state/policy-edits.ts';
import { cn } from '../../ui/cn.ts';
import { Segmented } from '../../ui/segmented.tsx';
import { ChipsField } from './chips-field.tsx';
import { FormRow } from './form-row.tsx';
import { ModeChoice } from './mode-choice.tsx';

const effects = [
  { value: 'allow', label: 'Allow' },
  { value: 'deny', label: 'Deny' },
  { value: 'require', label: 'Require' },
  { value: 'log', label: 'Log' },
] as const;

const effectHints: Readonly<Record<string, string>> = {
  allow: 'Passes, unless another policy denies it.',
  deny: 'Refused, whatever else allows it.',
  require: 'Refused unless the expression is true.',
  log: 'Only noted with the message.',
};

interface Chips {
  readonly title: string;
  readonly placeholder: string;
  readonly known?: string;
}

const chips: Readonly<Record<MatchKey, Chips>> = {
  methods: { title: 'Method', placeholder: 'any', known: 'method' },
  servers: { title: 'Server', placeholder: 'any', known: 'server' },
  tools: { title: 'Tool', placeholder: 'any; delete_* for all that begin so', known: 'tool' },
  prompts: { title: 'Prompt', placeholder: 'any' },
  resources: { title: 'Resource', placeholder: 'any' },
  clients: { title: 'Client', placeholder: 'any', known: 'client' },
};

const usual: readonly MatchKey[] = ['methods', 'servers', 'tools'];

interface FormPaneProps {
  readonly read: ConfigDraft;
  readonly index: number;
  readonly pending: readonly ConfigEdit[];
  readonly onEdit: (...edits: readonly ConfigEdit[]) => void;
}

export function FormPane({ read, index, pending, onEdit }: FormPaneProps) {
  const written = read.policies[index];
  const id = useId();
  if (written === undefined) return null;
  const policy = withPending(written, index, pending);
  const isDisabled = !read.isReadable;
  const problemsOf = (key: string) => problemsUnder(read.problems, index, key);
  const set = (key: 'id' | 'effect' | 'when' | 'message' | 'mode') => (value: string) => onEdit(fieldEdit(index, key, value));
  const chipsRow = (key: MatchKey): ReactNode => {
    const { title, placeholder, known } = chips[key];
    return (
      <FormRow key={key} title={title} problems={problemsOf(`match.${key}`)}>
        <ChipsField
          label={title}
          values={policy.match[key] ?? []}
          placeholder={placeholder}
          known={known}
          more={key === 'servers' ? read.servers : []}
          isDisabled={isDisabled}
          onChange={globs => onEdit(...matchEdits(index, policy, key, globs))}
        />
      </FormRow>
    );
  };
  const rest = matchKeys.filter(key => !usual.includes(key));
  const when = policy.when ?? '';
  const [nameProblems, whenProblems] = [problemsOf('id'), problemsOf('when')];
  return (
    <div className="form">
      <FormRow title="Name" htmlFor={`${id}-id`} problems={nameProblems}>
        <div className={cn('field', nameProblems.length > 0 && 'wrong')}>
          <input
            id={`${id}-id`}
            className="mono"
            value={policy.id}
            disabled={isDisabled}
            maxLength={64}
            onChange={event => set('id')(event.target.value)}
          />
        </div>
      </FormRow>
      <FormRow title="Effect" problems={problemsOf('effect')} hint={effectHints[policy.effect]}>
        <Segmented<string> label="Effect" value={policy.effect} options={effects} onChange={set('effect')} />
      </FormRow>
      {usual.map(chipsRow)}
      <FormRow
        title="And when"
        htmlFor={`${id}-when`}
        isTall
        problems={whenProblems}
        hint={
          <>
            An expression in CEL, such as <code>args.path.startsWith("/prod")</code>; none is always true.
          </>
        }
      >
        <div className={cn('field', whenProblems.length > 0 && 'wrong')}>
          <textarea
            id={`${id}-when`}
            className="mono"
            spellCheck={false}
            rows={Math.min(8, Math.max(2, when.split('\n').length))}
            value={when}
            disabled={isDisabled}
            maxLength={10_000}
            onChange={event => set('when')(event.target.value)}
          />
        </div>
      </FormRow>
      <FormRow
        title="Message"
        htmlFor={`${id}-message`}
        problems={problemsOf('message')}
        hint="What a refused client, and its model, read."
      >
        <div className="field">
          <input
            id={`${id}-message`}
            value={policy.message ?? ''}
            disabled={isDisabled}
            maxLength={500}
            onChange={event => set('message')(event.target.value)}
          />
        </div>
      </FormRow>
      <FormRow title="Mode" problems={problemsOf('mode')}>
        <ModeChoice label="Mode" value={policy.mode} onChange={set('mode')} />
      </FormRow>
      <details className="form-more" open={rest.some(key => (policy.match[key] ?? []).length > 0)}>
        <summary>Prompts, resources, clients</summary>
        <div className="form">{rest.map(chipsRow)}</div>
      </details>
      <FormRow title="" problems={otherProblems(read.problems, index)}>
        {null}
      </FormRow>
    </div>
  );
}

const shownKeys = ['id', 'effect', 'when', 'message', 'mode', ...matchKeys.map(key => `match.${key}`)];

function problemsUnder(problems: readonly ConfigProblem[], index: number, key: string): readonly ConfigProblem[] {
  const place = `policies[${index}].${key}`;
  return problems.filter(({ path }) => path === place || path.startsWith(`${place}[`) || path.startsWith(`${place}.`));
}

/** What is wrong with the policy and with no field of the form. */
function otherProblems(problems: readonly ConfigProblem[], index: number): readonly ConfigProblem[] {
  const place = `policies[${index}]`;
  const shown = new Set(shownKeys.flatMap(key => problemsUnder(problems, index, key)));
  return problems.filter(problem => (problem.path === place || problem.path.startsWith(`${place}.`)) && !shown.has(problem));
}
