/**
 * What the sample server knows and does: a small harbour office. Shared by its stdio and its HTTP form.
 * Plain JavaScript without dependencies, because it runs from wherever Shadowcat is installed.
 */
import { setTimeout as sleep } from 'node:timers/promises';

export const serverInfo = { name: 'harbour-office', title: 'Harbour office (sample)', version: '1.2.0' };

const text = value => ({ content: [{ type: 'text', text: typeof value === 'string' ? value : JSON.stringify(value) }] });

const schema = (properties, required = []) => ({ type: 'object', properties, required });
const string = description => ({ type: 'string', description });

export const tools = [
  {
    name: 'tide_table',
    title: 'Tide table',
    description: 'High and low water of a harbour for one day.',
    inputSchema: schema({ harbour: string('Name of the harbour'), date: string('Day, as 2026-11-22') }, ['harbour', 'date']),
    annotations: { readOnlyHint: true },
  },
  {
    name: 'find_ships',
    title: 'Find ships',
    description: 'Ships in port or expected, by name or flag.',
    inputSchema: schema({ query: string('Words to look for'), limit: { type: 'integer', minimum: 1, maximum: 50 } }, ['query']),
    annotations: { readOnlyHint: true },
  },
  {
    name: 'load_cargo',
    title: 'Load cargo',
    description: 'Loads crates onto a ship. Slow; reports progress.',
    inputSchema: schema({ ship: string('Name of the ship'), crates: { type: 'integer', minimum: 1 } }, ['ship', 'crates']),
  },
  {
    name: 'open_lock_gate',
    title: 'Open the lock gate',
    description: 'Opens the gate between harbour and canal when the water stands level.',
    inputSchema: schema({ gate: string('north or south') }, ['gate']),
    annotations: { destructiveHint: true },
  },
  {
    name: 'book_berth',
    title: 'Book a berth',
    description: 'Books a berth; asks the person which one.',
    inputSchema: schema({ ship: string('Name of the ship'), nights: { type: 'integer', minimum: 1 } }, ['ship', 'nights']),
  },
  {
    name: 'count_gulls',
    title: 'Count the gulls',
    description: 'Counts every gull in the harbour. Takes longer than anybody waits.',
    inputSchema: schema({}),
    annotations: { readOnlyHint: true },
  },
];

export const resources = [
  { uri: 'harbour://log/today', name: 'log-today', title: "Today's log", mimeType: 'text/markdown' },
  { uri: 'harbour://chart/north-basin', name: 'north-basin', title: 'Chart of the north basin', mimeType: 'image/svg+xml' },
];

export const prompts = [
  {
    name: 'morning_briefing',
    title: 'Morning briefing',
    description: 'Sums up tides and arrivals for the harbour master.',
    arguments: [{ name: 'harbour', description: 'Name of the harbour', required: true }],
  },
];

const resourceTexts = {
  'harbour://log/today':
    '# Log\n\n- 06:10 *Marie-Élise* moored at berth 4\n- 07:45 fog lifted, visibility 6 nm\n- 09:30 crane 2 back in service\n',
  'harbour://chart/north-basin':
    '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 120 60"><path d="M0 40 Q30 20 60 40 T120 40 V60 H0Z" fill="#7fb2d9"/><circle cx="84" cy="24" r="4" fill="#c33"/></svg>',
};

const ships = [
  { name: 'Marie-Élise', flag: 'FR', berth: 4, cargo: 'wine, 220 crates', lengthM: 61.5 },
  { name: 'Sankt Nikolai', flag: 'DE', berth: 7, cargo: 'machine parts', lengthM: 88 },
  { name: 'Wandering Albatross', flag: 'NZ', berth: null, cargo: 'wool', lengthM: 104.2, expected: '2026-11-23T05:40:00Z' },
];

/** A failure that belongs into the JSON-RPC error member. */
export class ProtocolError extends Error {
  constructor(code, message, data) {
    super(message);
    this.code = code;
    this.data = data;
  }
}

/**
 * Runs a tool. `progress(done, total, message)` and `note(text)` may be called while it runs; `choose(question, options)`
 * asks the person; `signal` aborts on cancellation.
 */
export async function callTool(name, args, { progress, note, choose, signal }) {
  switch (name) {
    case 'tide_table':
      await sleep(40, undefined, { signal });
      return {
        ...text(`Tides at ${args.harbour} on ${args.date}: low 03:12 (0.9 m), high 09:27 (4.6 m), low 15:41 (1.1 m), high 21:52 (4.4 m)`),
        structuredContent: {
          harbour: args.harbour,
          date: args.date,
          tides: [
            { at: '03:12', kind: 'low', heightM: 0.9 },
            { at: '09:27', kind: 'high', heightM: 4.6 },
            { at: '15:41', kind: 'low', heightM: 1.1 },
            { at: '21:52', kind: 'high', heightM: 4.4 },
          ],
        },
      };
    case 'find_ships':
      await sleep(120, undefined, { signal });
      return text(ships.filter(ship => JSON.stringify(ship).toLowerCase().includes(String(args.query).toLowerCase())));
    case 'load_cargo':
      for (let done = 1; done <= 5; done += 1) {
        await sleep(250, undefined, { signal });
        progress(done * (args.crates / 5), args.crates, done === 3 ? 'crane 2 changes its rope' : 'loading');
      }
      note(`${args.crates} crates aboard ${args.ship}`);
      return text(`${args.crates} crates are aboard ${args.ship}.`);
    case 'open_lock_gate':
      await sleep(60, undefined, { signal });
      return { ...text(`The ${args.gate} gate stays shut: the water differs by 0.4 m. Try again after 09:27.`), isError: true };
    case 'book_berth': {
      const berth = await choose(`Which berth for ${args.ship}?`, ['3 (quiet)', '5 (near the crane)', '9 (deep)']);
      return text(berth === undefined ? 'Nothing was booked.' : `Berth ${berth} is booked for ${args.ship}, ${args.nights} nights.`);
    }
    case 'count_gulls':
      await sleep(60_000, undefined, { signal });
      return text('Too many.');
    default:
      throw new ProtocolError(-32602, `Unknown tool: ${name}`, { known: tools.map(tool => tool.name) });
  }
}

/** Answers the methods that only read. `undefined` when the method is none of them. */
export function read(method, params) {
  switch (method) {
    case 'tools/list':
      return { tools };
    case 'resources/list':
      return { resources };
    case 'resources/templates/list':
      return { resourceTemplates: [{ uriTemplate: 'harbour://chart/{basin}', name: 'chart', mimeType: 'image/svg+xml' }] };
    case 'resources/read':
      return readResource(params.uri);
    case 'prompts/list':
      return { prompts };
    case 'prompts/get':
      return promptFor(params);
    default:
      return undefined;
  }
}

function readResource(uri) {
  if (!Object.hasOwn(resourceTexts, uri)) throw new ProtocolError(-32602, `Resource not found: ${uri}`, { uri });
  const { mimeType } = resources.find(resource => resource.uri === uri);
  return { contents: [{ uri, mimeType, text: resourceTexts[uri] }] };
}

function promptFor({ name, arguments: args = {} }) {
  if (name !== 'morning_briefing') throw new ProtocolError(-32602, `Unknown prompt: ${name}`);
  const request = `Sum up tides and arrivals at ${args.harbour} in three sentences for the harbour master.`;
  return { description: 'Morning briefing', messages: [{ role: 'user', content: { type: 'text', text: request } }] };
}
