/** What the guards decided about an exchange, in the order in which they did: stage, decision, by which policy or limit, why. */
import { ShieldPlus } from 'lucide-react';
import type { FrameSummary } from '../../../../shared/model/frame.ts';
import { visibleText } from '../../../../shared/text/visible-text.ts';
import { decisionLook, stageWord } from '../../../state/decision-words.ts';
import { cn } from '../../../ui/cn.ts';
import { StatusGlyph } from '../../../ui/status-glyph.tsx';

/** How many decisions the frames carry. */
export function decisionCount(frames: readonly FrameSummary[]): number {
  return frames.reduce((sum, { verdicts }) => sum + verdicts.length, 0);
}

interface PolicyTabProps {
  readonly frames: readonly FrameSummary[];
  /** Where a policy can be about it. */
  readonly onMakePolicy?: (() => void) | undefined;
}

export function PolicyTab({ frames, onMakePolicy }: PolicyTabProps) {
  const decided = frames.flatMap(({ seq, verdicts }) => verdicts.map((decision, at) => ({ key: `${seq}.${at}`, decision })));
  return (
    // oxlint-disable-next-line jsx-a11y/no-noninteractive-tabindex
    <div className="decisions scroll-keys" tabIndex={0} role="region" aria-label="Policy">
      <table>
        <thead>
          <tr>
            <th scope="col">Guard</th>
            <th scope="col">Decision</th>
            <th scope="col">By</th>
            <th scope="col">Reason</th>
            <th scope="col" className="num">
              Took
            </th>
          </tr>
        </thead>
        <tbody>
          {decided.map(({ key, decision }) => {
            const look = decisionLook(decision);
            const { id, tier, reason, version, evaluationUs } = decision;
            return (
              <tr key={key}>
                <td>{stageWord(decision.stage)}</td>
                <td className={cn('c-status', look.tone)}>
                  <StatusGlyph glyph={look.glyph} />
                  {look.word}
                </td>
                <td className="mono">
                  {visibleText(id ?? '')}
                  {tier !== undefined && <span className="quiet"> {tier}</span>}
                </td>
                <td>
                  {visibleText(reason ?? '')}
                  {version !== undefined && (
                    <span className="quiet" title="Version of the policies that were in force">
                      {' '}
                      {version}
                    </span>
                  )}
                </td>
                <td className="num quiet">{evaluationUs === undefined ? '' : `${Math.round(evaluationUs)} µs`}</td>
              </tr>
            );
          })}
        </tbody>
      </table>
      {onMakePolicy !== undefined && (
        <p className="decisions-next">
          <button
            type="button"
            className="btn"
            title="Begins a draft about calls like this one; nothing is in force until you save it"
            onClick={onMakePolicy}
          >
            <ShieldPlus className="i" aria-hidden="true" />
            Make a policy from this
          </button>
        </p>
      )}
    </div>
  );
}
