/** What the record needs from around it. */
import type { Clock, Logger } from '../../ports.ts';

export interface RecordDeps {
  readonly clock: Clock;
  readonly log: Logger;
  /** A promise (resolved within 250 ms) while the recording queue is full: the relay waits that long, then goes on. */
  readonly pressure: () => Promise<void> | undefined;
  /** Recording is required: the relay waits for every chunk as long as it takes. */
  readonly isRequired?: () => boolean;
  /** Why a required record takes nothing now; such traffic is refused. */
  readonly problem?: () => string | undefined;
}
