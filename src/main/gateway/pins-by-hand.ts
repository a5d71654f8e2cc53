/** Changed definitions of tools that a person looks at and approves. */
import { TrafficError } from '../../shared/errors/error-table.ts';
import type { ToolChangeData } from '../../shared/model/gateway-desk.ts';
import type { ToolChange, ToolPins } from '../pipeline/policy/tool-pins.ts';
import type { ByHand, Tell } from './by-hand.ts';

/** Of one tool; `digest` is of the definition that was looked at. */
export interface Approval extends ByHand {
  readonly upstream: string;
  readonly tool: string;
  readonly digest: string;
}

export function pinsByHand(pins: ToolPins, tell: Tell) {
  return {
    changes: (upstream: string | undefined): ToolChangeData[] => pins.changes(upstream).map(change => shown(change)),
    /** Throws NOT_FOUND when there is no change to approve, CONFLICT when what waits is not what the digest is of. */
    approve({ upstream, tool, digest, actor }: Approval): void {
      switch (pins.approve(upstream, tool, digest)) {
        case 'nothing-waits':
          throw new TrafficError('NOT_FOUND', `The definition of ${tool} at ${upstream} has no change to approve.`);
        case 'changed-again':
          throw new TrafficError(
            'CONFLICT',
            `The definition of ${tool} at ${upstream} changed again since you looked, and was not approved: run pin list.`,
          );
        case 'approved':
          tell('approve definition', `${upstream}/${tool}`, { actor }, digest);
      }
    },
  };
}

function shown({ members, ...change }: ToolChange): ToolChangeData {
  return {
    ...change,
    members: members.map(({ member, before, after }) => ({
      member,
      ...(before === undefined ? {} : { before }),
      ...(after === undefined ? {} : { after }),
    })),
  };
}
