/** What is wrong in the text, by line; each leads there. */
import { CircleAlert, TriangleAlert } from 'lucide-react';
import type { ConfigDraft } from '../../../shared/model/config-draft.ts';
import type { ConfigProblem } from '../../../shared/model/gateway-state.ts';
import { visibleText } from '../../../shared/text/visible-text.ts';
import { cn } from '../../ui/cn.ts';

interface ProblemListProps {
  readonly read: ConfigDraft;
  readonly onGoTo: (line: number) => void;
}

export function ProblemList({ read: { problems, warnings }, onGoTo }: ProblemListProps) {
  if (problems.length + warnings.length === 0) return null;
  return (
    // oxlint-disable-next-line jsx-a11y/no-noninteractive-tabindex
    <div className="problem-list" role="region" aria-label="Problems" tabIndex={0}>
      <ul>
        {problems.map(problem => (
          <Line key={`p${problem.line}${problem.path}${problem.message}`} problem={problem} isWarning={false} onGoTo={onGoTo} />
        ))}
        {warnings.map(problem => (
          <Line key={`w${problem.line}${problem.path}${problem.message}`} problem={problem} isWarning onGoTo={onGoTo} />
        ))}
      </ul>
    </div>
  );
}

interface LineProps {
  readonly problem: ConfigProblem;
  readonly isWarning: boolean;
  readonly onGoTo: (line: number) => void;
}

function Line({ problem: { line, message, source }, isWarning, onGoTo }: LineProps) {
  const Icon = isWarning ? TriangleAlert : CircleAlert;
  const place = source ?? (line > 0 ? `Line ${line}` : 'File');
  return (
    <li>
      <Icon className={cn('i s', isWarning ? 'warn' : 'error')} aria-hidden="true" />
      <span className="sr">{isWarning ? 'Warning: ' : 'Problem: '}</span>
      {source === undefined && line > 0 ? (
        <button type="button" className="link" onClick={() => onGoTo(line)}>
          {place}
        </button>
      ) : (
        <span className="quiet">{place}</span>
      )}
      <span>{visibleText(message)}</span>
    </li>
  );
}
