/** Validates a call, runs its handler and turns every failure into data. The one door of the contract. */
import { calls, type CallName, type CallOutput, type CallParsed } from '../../shared/contract/calls.ts';
import type { Reply } from '../../shared/contract/wire.ts';
import { errorCodeOf, TrafficError } from '../../shared/errors/error-table.ts';
import type { Logger } from '../ports.ts';
import type { Caller } from '../publish/caller.ts';

export type CallHandlers = {
  readonly [N in CallName]: (input: CallParsed<N>, caller: Caller) => Promise<CallOutput<N>>;
};

export type ServeCall = (name: string, input: unknown, caller: Caller) => Promise<Reply<unknown>>;

/** Ends every wire: Electron IPC, WebSocket and callers in the same process all come here. Never rejects. */
export function serveCalls(handlers: CallHandlers, log: Logger): ServeCall {
  return async (name, input, caller) => {
    if (!Object.hasOwn(calls, name)) return { ok: false, code: 'BAD_CALL', message: `There is no call "${name.slice(0, 60)}".` };
    const known = name as CallName;
    const parsed = calls[known].input.safeParse(input ?? {});
    if (!parsed.success) {
      const [issue] = parsed.error.issues;
      return {
        ok: false,
        code: 'BAD_CALL',
        message: `${name}: ${issue?.path.join('.') ?? ''} ${issue?.message ?? 'has bad input'}`.trim(),
      };
    }
    try {
      const handle = handlers[known] as (input: unknown, caller: Caller) => Promise<unknown>;
      return { ok: true, value: await handle(parsed.data, caller) };
    } catch (error) {
      if (error instanceof TrafficError) return { ok: false, code: error.code, message: error.message };
      log.error('A call failed by a defect', {
        call: name,
        error: error instanceof Error ? (error.stack ?? error.message) : String(error),
      });
      return { ok: false, code: errorCodeOf(error), message: `${name} failed by a defect of ours; the log has the details.` };
    }
  };
}
