/**
 * The command that the suite runs for each of its client scenarios: `node sign-in-client.ts SERVER_URL`. The client itself
 * is a gateway that is running already, and the desk that has it before it; this only says what there is to do, and passes on
 * how it ended.
 */
import type { Account, Errand } from './sign-in-desk.ts';

const { SIGN_IN_DESK, MCP_CONFORMANCE_SCENARIO, MCP_CONFORMANCE_PROTOCOL_VERSION, MCP_CONFORMANCE_CONTEXT } = process.env;

const errand: Errand = {
  serverUrl: process.argv[2] ?? '',
  scenario: MCP_CONFORMANCE_SCENARIO ?? '',
  revision: MCP_CONFORMANCE_PROTOCOL_VERSION ?? '',
  context: JSON.parse(MCP_CONFORMANCE_CONTEXT ?? '{}') as Errand['context'],
};
const response = await fetch(SIGN_IN_DESK ?? '', { method: 'POST', body: JSON.stringify(errand) });
const account = (await response.json()) as Account;
process.stdout.write(`${JSON.stringify(account)}\n`);
process.exitCode = account.ending === 'served' ? 0 : 1;
