/** What the sample's client does over HTTP: a few stateless requests of revision 2026-07-28, one streamed, one in two rounds, one refused. */
import type { HttpClient } from './http-client.ts';
import type { Step } from './stdio-script.ts';

/** How the client introduces itself with every request. */
export const httpClientInfo = { name: 'sample-web-client', version: '1.0.0' };

/** The steps, to be run in order. */
export function httpScript(client: HttpClient): readonly Step[] {
  const call = (name: string, args: object, more: object = {}) => client.request('tools/call', { name, arguments: args, ...more });
  return [
    { title: 'Discovering a server over HTTP', run: () => client.request('server/discover').then(() => client.request('tools/list')) },
    { title: 'Streaming progress over HTTP', run: () => call('load_cargo', { ship: 'Sankt Nikolai', crates: 40 }) },
    {
      title: 'Booking in two rounds',
      async run() {
        const args = { ship: 'Sankt Nikolai', nights: 1 };
        const { requestState } = await call('book_berth', args);
        await call('book_berth', args, { requestState, inputResponses: { berth: { action: 'accept', content: { berth: '3 (quiet)' } } } });
      },
    },
    { title: 'Asking for what no server knows', run: () => client.request('harbour/close') },
  ];
}
