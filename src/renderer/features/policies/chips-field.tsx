/** A list of globs as chips, with what was really seen offered while typing. */
import { X } from 'lucide-react';
import { useId, useState, type KeyboardEvent } from 'react';
import { visibleText } from '../../../shared/text/visible-text.ts';
import { useCall } from '../../state/use-workbench.ts';

interface ChipsFieldProps {
  readonly label: string;
  readonly values: readonly string[];
  readonly placeholder: string;
  /** Key of the filter grammar under which recorded values of this kind are known. */
  readonly known: string | undefined;
  /** Names that the file has. */
  readonly more?: readonly string[];
  readonly isDisabled: boolean;
  readonly onChange: (values: readonly string[]) => void;
}

export function ChipsField({ label, values, placeholder, known, more = [], isDisabled, onChange }: ChipsFieldProps) {
  const [typed, setTyped] = useState('');
  const listId = useId();
  const asked = useCall('filter.values', { key: known ?? '', prefix: typed }, known === undefined ? undefined : `${known} ${typed}`);
  const offered = [...new Set([...more, ...(asked.value?.values ?? [])])].filter(value => !values.includes(value)).slice(0, 50);

  const add = () => {
    const found = typed.split(',').flatMap(part => (part.trim() === '' || values.includes(part.trim()) ? [] : [part.trim()]));
    if (found.length > 0) onChange([...values, ...new Set(found)]);
    setTyped('');
  };
  const onKeyDown = (event: KeyboardEvent) => {
    if (event.key === 'Enter' || event.key === ',') {
      event.preventDefault();
      add();
    } else if (event.key === 'Backspace' && typed === '' && values.length > 0) onChange(values.slice(0, -1));
  };
  return (
    <div className="field chips">
      {values.map(value => (
        <span key={value} className="tok">
          <span className="clip">{visibleText(value)}</span>
          <button
            type="button"
            aria-label={`Remove ${label.toLowerCase()} ${value}`}
            disabled={isDisabled}
            onClick={() => onChange(values.filter(other => other !== value))}
          >
            <X className="i s" aria-hidden="true" />
          </button>
        </span>
      ))}
      <input
        aria-label={label}
        className="mono"
        list={listId}
        value={typed}
        placeholder={values.length === 0 ? placeholder : ''}
        disabled={isDisabled}
        maxLength={200}
        onChange={event => setTyped(event.target.value)}
        onKeyDown={onKeyDown}
        onBlur={add}
      />
      <datalist id={listId}>
        {offered.map(value => (
          <option key={value} value={value}>
            {value}
          </option>
        ))}
      </datalist>
    </div>
  );
}
