/** The thread's side of the protocol: runs calls in the order they come and answers each. */
import type { MessagePort } from 'node:worker_threads';
import { errorCodeOf } from '../../shared/errors/error-table.ts';
import { storeProblemOf } from './store-problem.ts';
import type { WorkerEvent, WorkerReply, WorkerRequest } from './worker-protocol.ts';

/** Serves `calls` on the port until `close` is answered. A failing database becomes STORE_FAILED; anything else unexpected is a defect of ours. */
export function servePort(port: MessagePort, calls: object): (event: WorkerEvent) => void {
  port.on('message', (request: WorkerRequest) => {
    void answer(calls as Record<string, (...args: readonly unknown[]) => unknown>, request).then(reply => {
      port.postMessage(reply);
      // What is posted still arrives. Without its port nothing keeps the thread, and it ends.
      if (request.name === 'close') port.close();
    });
  });
  return event => port.postMessage(event);
}

async function answer(calls: Record<string, (...args: readonly unknown[]) => unknown>, request: WorkerRequest): Promise<WorkerReply> {
  try {
    const call = calls[request.name];
    if (call === undefined) throw new Error(`The store's thread knows no ${request.name}`);
    const value = await call.apply(calls, [...request.args]);
    return { id: request.id, ok: true, value };
  } catch (error) {
    const problem = storeProblemOf(error);
    const message = problem?.message ?? (error instanceof Error ? error.message : String(error));
    const code = problem === undefined ? errorCodeOf(error) : 'STORE_FAILED';
    return { id: request.id, ok: false, code, message };
  }
}
