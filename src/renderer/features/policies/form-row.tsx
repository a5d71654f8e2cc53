/** One line of the form: what it is called, the field, and what is wrong with it. */
import { CircleAlert } from 'lucide-react';
import type { ReactNode } from 'react';
import type { ConfigProblem } from '../../../shared/model/gateway-state.ts';

interface FormRowProps {
  readonly title: string;
  /** The field that the title names; a group of buttons names itself. */
  readonly htmlFor?: string;
  readonly isTall?: boolean;
  readonly problems: readonly ConfigProblem[];
  readonly hint?: ReactNode;
  readonly children: ReactNode;
}

export function FormRow({ title, htmlFor, isTall = false, problems, hint, children }: FormRowProps) {
  return (
    <>
      {htmlFor === undefined ? (
        <span className={isTall ? 'lbl top' : 'lbl'} aria-hidden="true">
          {title}
        </span>
      ) : (
        <label htmlFor={htmlFor} className={isTall ? 'top' : ''}>
          {title}
        </label>
      )}
      <div className="form-cell">
        {children}
        {hint !== undefined && problems.length === 0 && <p className="quiet hint">{hint}</p>}
        {problems.map(({ message }) => (
          <p key={message} className="field-problem" role="alert">
            <CircleAlert className="i s" aria-hidden="true" />
            {message}
          </p>
        ))}
      </div>
    </>
  );
}
