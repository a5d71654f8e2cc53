/** Whether the file is in force, in the head of the page. */
import { CircleAlert, CircleCheck, LoaderCircle } from 'lucide-react';
import { visibleText } from '../../../shared/text/visible-text.ts';
import { shortMoment } from '../../formats/time.ts';
import type { Force } from '../../state/policy-force.ts';
import { useNow } from '../../state/use-workbench.ts';

export function ForceLine({ force }: { readonly force: Force }) {
  const now = useNow(false);
  switch (force.kind) {
    case 'none':
      return null;
    case 'in-force':
      return (
        <span className="force good" role="status">
          <CircleCheck className="i s" aria-hidden="true" />
          In force{force.since !== undefined && ` since ${shortMoment(force.since, now)}`}
        </span>
      );
    case 'waiting':
      return (
        <span className="force" role="status">
          <LoaderCircle className="i s" aria-hidden="true" />
          Being read…
        </span>
      );
    case 'rejected':
      return (
        <span className="force error" role="status">
          <CircleAlert className="i s" aria-hidden="true" />
          Not in force
        </span>
      );
  }
}

export function RejectedBanner({ force }: { readonly force: Force }) {
  if (force.kind !== 'rejected') return null;
  return (
    <div className="banner error" role="alert">
      <CircleAlert className="i" aria-hidden="true" />
      <p>
        <b>The gateway did not take the file as it stands.</b> What was in force before stays. {visibleText(force.problems.join(' '))}
      </p>
    </div>
  );
}
