/** What the sample's client does over stdio: a conversation of revision 2025-11-25 with something of everything in it. */
import type { StdioClient } from './stdio-client.ts';

/** One act of a script; its title is shown while it runs. */
export interface Step {
  readonly title: string;
  run(): Promise<unknown>;
}

const clientInfo = { name: 'sample-client', title: 'Sample client', version: '1.0.0' };
/** How long the client waits before it gives the gulls up. */
const PATIENCE_MS = 700;

/** How the client answers the server's own questions. */
export function answerQuestion(method: string): unknown {
  return method === 'elicitation/create' ? { action: 'accept', content: { berth: '9 (deep)' } } : {};
}

/** The steps, to be run in order. */
export function stdioScript(client: StdioClient, wait: (ms: number) => Promise<void>): readonly Step[] {
  const ask = (method: string, params?: object) => client.request(method, params).answer;
  const call = (name: string, args: object, meta?: object) =>
    ask('tools/call', { name, arguments: args, ...(meta === undefined ? {} : { _meta: meta }) });
  return [
    {
      title: 'Shaking hands over stdio',
      async run() {
        await ask('initialize', { protocolVersion: '2025-11-25', capabilities: { elicitation: {} }, clientInfo });
        client.notify('notifications/initialized');
      },
    },
    {
      title: 'Asking what there is',
      run: () => Promise.all([ask('tools/list'), ask('resources/list'), ask('prompts/list'), ask('logging/setLevel', { level: 'info' })]),
    },
    { title: 'Looking up the tides', run: () => call('tide_table', { harbour: 'Saint-Malo', date: '2026-11-22' }) },
    {
      title: 'Loading cargo, with progress',
      run: () => call('load_cargo', { ship: 'Marie-Élise', crates: 220 }, { progressToken: 'crates' }),
    },
    { title: 'Opening a gate that stays shut', run: () => call('open_lock_gate', { gate: 'north' }) },
    { title: 'Calling a tool that is not there', run: () => call('open_lock_gates', { gate: 'north' }) },
    {
      title: 'Reading and watching a resource',
      run: () =>
        Promise.all([
          ask('resources/read', { uri: 'harbour://log/today' }),
          ask('resources/subscribe', { uri: 'harbour://log/today' }),
          wait(250),
        ]),
    },
    { title: 'Fetching a prompt', run: () => ask('prompts/get', { name: 'morning_briefing', arguments: { harbour: 'Saint-Malo' } }) },
    { title: 'Answering a question of the server', run: () => call('book_berth', { ship: 'Wandering Albatross', nights: 2 }) },
    {
      title: 'Giving up on a slow tool',
      async run() {
        const { id } = client.request('tools/call', { name: 'count_gulls', arguments: {} });
        await wait(PATIENCE_MS);
        client.notify('notifications/cancelled', { requestId: id, reason: 'Nobody waits for gulls' });
        await wait(100);
      },
    },
    { title: 'Finding ships', run: () => call('find_ships', { query: 'wine', limit: 10 }) },
  ];
}
