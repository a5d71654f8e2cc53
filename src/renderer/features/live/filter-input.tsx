/** The filter field: chips for known tokens, completion from real values, errors at their place. */
import { Search, X } from 'lucide-react';
import { useEffect, useId, useRef, useState, type KeyboardEvent } from 'react';
import { visibleText } from '../../../shared/text/visible-text.ts';
import { toForm, token, toText, withChipsTaken, wordAt, type FilterForm } from '../../state/filter-text.ts';
import { useShortcut } from '../../state/use-shortcut.ts';
import { useWindow, useWorkbench } from '../../state/use-workbench.ts';
import { cn } from '../../ui/cn.ts';
import { useCompletion } from './use-completion.ts';

/** Typing settles before the store is asked. */
const SETTLE_MS = 180;

interface Problem {
  readonly message: string;
  readonly text: string;
  readonly start: number;
  readonly end: number;
}

export function FilterInput() {
  const { host, window: store } = useWorkbench();
  const filter = useWindow(state => state.filter);
  const [form, setForm] = useState<FilterForm>(() => toForm(filter));
  const [caret, setCaret] = useState(0);
  const [problem, setProblem] = useState<Problem>();
  const [isFocused, setFocused] = useState(false);
  const input = useRef<HTMLInputElement>(null);
  const id = useId();
  const completion = useCompletion(form.rest, caret, isFocused);

  useShortcut('filter', () => {
    input.current?.focus();
    input.current?.select();
  });

  // A filter set from elsewhere (a saved one, a link in the detail) replaces what stands here.
  const applied = useRef(filter);
  useEffect(() => {
    if (filter === applied.current) return;
    applied.current = filter;
    setForm(toForm(filter));
    setProblem(undefined);
  }, [filter]);

  const text = toText(form);
  useEffect(() => {
    if (text === applied.current) {
      setProblem(undefined);
      return;
    }
    let isCurrent = true;
    const timer = setTimeout(() => {
      host.call('filter.read', { text }).then(
        read => {
          if (!isCurrent) return;
          if (read.kind === 'error') return setProblem({ message: read.message, text, start: read.start, end: read.end });
          setProblem(undefined);
          applied.current = text;
          store.setFilter(text);
        },
        () => {
          // The host is away: the banner says so, and the text is applied when it is typed on.
        },
      );
    }, SETTLE_MS);
    return () => {
      isCurrent = false;
      clearTimeout(timer);
    };
  }, [text, host, store]);

  // Nothing has to settle first: a click on a saved filter may follow at once.
  const clear = () => {
    applied.current = '';
    setForm({ chips: [], rest: '' });
    store.setFilter('');
  };

  const take = (value: string) => {
    const { start, key } = wordAt(form.rest, caret);
    const minus = form.rest[start] === '-' ? '-' : '';
    const inserted = key === undefined ? `${minus}${value}:` : `${minus}${token(key, value)} `;
    const rest = form.rest.slice(0, start) + inserted + form.rest.slice(caret).trimStart();
    setForm(withChipsTaken({ ...form, rest }, false));
    setCaret(start + inserted.length);
    requestAnimationFrame(() => input.current?.setSelectionRange(start + inserted.length, start + inserted.length));
  };

  const reopenLastChip = (last: string) => {
    setForm({ chips: form.chips.slice(0, -1), rest: `${last}${form.rest === '' ? '' : ` ${form.rest}`}` });
    setCaret(last.length);
    requestAnimationFrame(() => input.current?.setSelectionRange(last.length, last.length));
  };
  /** Keys of an open completion list; false where the key is not one of them. */
  const completeBy = (event: KeyboardEvent): boolean => {
    const { active, isPicked, values } = completion;
    if (values.length === 0) return false;
    if (event.key === 'ArrowDown' || event.key === 'ArrowUp') completion.move(event.key === 'ArrowDown' ? 1 : -1);
    else if (active !== undefined && ((event.key === 'Tab' && !event.shiftKey) || (event.key === 'Enter' && isPicked))) take(active);
    else if (event.key === 'Escape') completion.close();
    else return false;
    return true;
  };
  const editBy = (event: KeyboardEvent<HTMLInputElement>): boolean => {
    const { selectionStart, selectionEnd } = event.currentTarget;
    const last = form.chips.at(-1);
    if (event.key === 'Enter') {
      setForm(withChipsTaken(form, true));
      completion.close();
    } else if (event.key === 'Backspace' && selectionStart === 0 && selectionEnd === 0 && last !== undefined) reopenLastChip(last);
    else if (event.key === 'Escape') input.current?.blur();
    else return false;
    return true;
  };
  const onKeyDown = (event: KeyboardEvent<HTMLInputElement>) => {
    if (!completeBy(event) && !editBy(event)) return;
    event.preventDefault();
    event.stopPropagation();
  };

  return (
    <div className="filter-field">
      <div className={cn('field', problem !== undefined && 'wrong')}>
        <Search className="i quiet" aria-hidden="true" />
        {form.chips.map((chip, at) => (
          <Chip key={chip} text={chip} onRemove={() => setForm({ ...form, chips: form.chips.filter((_, other) => other !== at) })} />
        ))}
        <input
          ref={input}
          role="combobox"
          aria-label="Filter rows"
          aria-expanded={completion.values.length > 0}
          aria-controls={`${id}-values`}
          aria-autocomplete="list"
          aria-activedescendant={completion.isPicked ? `${id}-${completion.index}` : undefined}
          aria-invalid={problem !== undefined}
          aria-describedby={problem === undefined ? undefined : `${id}-problem`}
          placeholder={form.chips.length === 0 ? 'Filter: any text, server: tool: method: status:error dur:>500ms' : ''}
          spellCheck={false}
          autoComplete="off"
          value={form.rest}
          onChange={event => {
            const { value } = event.target;
            setCaret(event.target.selectionStart ?? value.length);
            setForm(withChipsTaken({ ...form, rest: value }, false));
            completion.reopen();
          }}
          onSelect={event => setCaret(event.currentTarget.selectionStart ?? 0)}
          onFocus={() => setFocused(true)}
          onBlur={() => setFocused(false)}
          onKeyDown={onKeyDown}
        />
        {text === '' ? (
          <kbd aria-hidden="true">/</kbd>
        ) : (
          <button type="button" className="chip-x" aria-label="Clear the filter" onClick={clear}>
            <X className="i s" aria-hidden="true" />
          </button>
        )}
      </div>
      <div id={`${id}-values`} role="listbox" aria-label="Completions" className="completions" hidden={completion.values.length === 0}>
        {completion.values.map((value, at) => (
          // The input keeps the focus; its arrow keys and Tab choose.
          // oxlint-disable-next-line jsx-a11y/click-events-have-key-events
          <div
            key={value}
            id={`${id}-${at}`}
            role="option"
            tabIndex={-1}
            aria-selected={at === completion.index}
            onMouseDown={event => event.preventDefault()}
            onClick={() => take(value)}
          >
            {completion.key === undefined ? <b>{value}:</b> : visibleText(value)}
          </div>
        ))}
      </div>
      {problem !== undefined && completion.values.length === 0 && (
        <p id={`${id}-problem`} className="filter-problem" role="alert">
          <code>
            {problem.text.slice(0, problem.start)}
            <mark>{problem.text.slice(problem.start, problem.end) || '␣'}</mark>
            {problem.text.slice(problem.end)}
          </code>
          {problem.message}
        </p>
      )}
    </div>
  );
}

function Chip({ text, onRemove }: { readonly text: string; readonly onRemove: () => void }) {
  const colon = text.indexOf(':') + 1;
  return (
    <span className="chip">
      <span className="clip" title={visibleText(text)}>
        <b>{text.slice(0, colon)}</b>
        {visibleText(text.slice(colon))}
      </span>
      <button type="button" className="chip-x" aria-label={`Remove ${text}`} onClick={onRemove}>
        <X className="i s" aria-hidden="true" />
      </button>
    </span>
  );
}
