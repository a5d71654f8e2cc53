/** Throughput by wrk, which costs less than any generator in Node; where it is not installed, by our own. */
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Stand } from '../stand.ts';
import { findTool } from '../tools.ts';
import { closedLoop } from './http-load.ts';
import { type Call, idPlace, plainCall, requestBytes, takeIds } from './message.ts';

export interface Throughput {
  readonly perSecond: number;
  readonly count: number;
}

/** A function that loads a URL for some seconds. */
export type ThroughputLoad = (load: { url: string; connectionCount: number; seconds: number; call?: Call }) => Promise<Throughput>;

/** More than any hop answers in the seconds of one run. */
const idsPerRun = 200_000;

/** The best generator of this machine. */
export function throughputLoad(stand: Stand): ThroughputLoad {
  const wrk = findTool('wrk');
  if (wrk === undefined) {
    stand.note('wrk is not installed: throughput comes from a generator in Node, which costs more than some of the hops.');
    return nodeLoad(1);
  }
  const script = join(stand.dir, 'request.lua');
  return async ({ url, connectionCount, seconds, call = plainCall }) => {
    writeFileSync(script, luaScript(new URL(url), call));
    const args = ['-t1', `-c${connectionCount}`, `-d${seconds}s`, '--timeout', '5s', '-s', script, url, '--', String(takeIds(idsPerRun))];
    return readWrk(await stand.run({ name: 'wrk', command: wrk, args }, (seconds + 15) * 1_000), url);
  };
}

/** Ours, for a share of the time: wrk knows whole seconds only, and a quick run has none to spare. */
export function nodeLoad(shareOfTime: number): ThroughputLoad {
  return async ({ url, connectionCount, seconds, call = plainCall }) => {
    const maxMs = seconds * 1_000 * shareOfTime;
    const { latenciesUs, elapsedMs } = await closedLoop({ url, connectionCount, maxCount: 1e6, maxMs, call });
    return { perSecond: (latenciesUs.length / elapsedMs) * 1_000, count: latenciesUs.length };
  };
}

/** Reads what wrk prints; throws when there were errors, because a hop that refuses quickly would look fast. */
export function readWrk(output: string, url: string): Throughput {
  const failed = /Non-2xx or 3xx responses: (\d+)/.exec(output) ?? /Socket errors: (.*[1-9].*)/.exec(output);
  if (failed !== null) throw new Error(`wrk met errors at ${url}: ${failed[0]}`);
  const perSecond = Number(/Requests\/sec:\s+([\d.]+)/.exec(output)?.[1]);
  const count = Number(/(\d+) requests in/.exec(output)?.[1]);
  if (!(perSecond > 0) || !(count > 0)) throw new Error(`wrk reached nothing at ${url}: ${output}`);
  return { perSecond, count };
}

/** A fixed request costs wrk nothing; a numbered one is put together for each, of pieces. */
export function luaScript(url: URL, call: Call): string {
  const pieces = requestBytes(url, call).toString('latin1').split(idPlace).map(luaText);
  if (pieces.length > 1)
    return [
      'local id = 0',
      'init = function(args) id = tonumber(args[1]) end',
      `request = function() id = id + 1; return ${pieces.join(' .. id .. ')} end`,
      '',
    ].join('\n');
  const fields = Object.entries(call.fields).map(([name, value]) => `wrk.headers[${luaText(name)}] = ${luaText(value)}`);
  return ['wrk.method = "POST"', `wrk.body = ${luaText(call.body)}`, ...fields, ''].join('\n');
}

const luaText = (text: string) => `"${text.replaceAll(/["\\]/g, '\\$&').replaceAll('\r', '\\r').replaceAll('\n', '\\n')}"`;
