/** Why the newest file was not taken. */
import { CircleAlert } from 'lucide-react';
import { visibleText } from '../../../shared/text/visible-text.ts';

interface ConfigProblemsProps {
  readonly problems: readonly string[];
  readonly isSomethingInForce: boolean;
}

export function ConfigProblems({ problems, isSomethingInForce }: ConfigProblemsProps) {
  if (problems.length === 0) return null;
  return (
    <section className="card config-problems" role="alert">
      <h2>
        <CircleAlert className="i" aria-hidden="true" />
        The newest configuration was not taken
      </h2>
      <p className="second">{isSomethingInForce ? 'What was in force before stays so. Wrong is:' : 'Nothing is in force. Wrong is:'}</p>
      <ul>
        {problems.map(problem => (
          <li key={problem} className="mono">
            {visibleText(problem)}
          </li>
        ))}
      </ul>
    </section>
  );
}
