/** A unified diff. The signs say what the colours repeat. */
import { visibleText } from '../../../shared/text/visible-text.ts';
import { cn } from '../../ui/cn.ts';

export function DiffView({ label, diff }: { readonly label: string; readonly diff: string }) {
  const lines = diff.split('\n').filter((line, at, all) => line !== '' || at < all.length - 1);
  return (
    // oxlint-disable-next-line jsx-a11y/no-noninteractive-tabindex
    <pre className="diff" role="region" aria-label={label} tabIndex={0}>
      {lines.length === 0
        ? 'No difference.'
        : lines.map((line, at) => (
            // oxlint-disable-next-line react/no-array-index-key
            <span key={at} className={cn('diff-line', kindOf(line))}>
              {visibleText(line)}
              {'\n'}
            </span>
          ))}
    </pre>
  );
}

function kindOf(line: string): string | false {
  if (line.startsWith('+++') || line.startsWith('---') || line.startsWith('@@')) return 'head';
  return line.startsWith('+') ? 'added' : line.startsWith('-') ? 'taken' : false;
}
