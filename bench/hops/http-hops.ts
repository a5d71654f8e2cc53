/** All paths that HTTP takes in one comparison: direct, the references, and the product with recording on and off. */
import { join } from 'node:path';
import type { Running, Stand } from '../stand.ts';
import { hopNames } from './hop-names.ts';
import { nginxHop } from './nginx.ts';
import { type Host, missingBuild, shadowcatProxy } from './shadowcat.ts';

/** What can stand between a client and an upstream. */
export type HttpHopKey = 'direct' | 'nginx' | 'node' | 'peer' | 'recording' | 'notRecording';

export interface HttpHop {
  readonly name: string;
  readonly url: string;
  /** Undefined for the direct path. */
  readonly process?: Running;
  /** Only of the product. */
  readonly host?: Host;
}

const serversDir = join(import.meta.dirname, '../servers');

/** Starts one of the small Node servers and waits until it listens. */
export async function nodeServer(
  stand: Stand,
  name: string,
  file: string,
  args: readonly string[],
): Promise<{ url: string; process: Running; facts: Record<string, unknown> }> {
  const process = stand.start({
    name,
    args: ['--disable-warning=ExperimentalWarning', '--no-deprecation', join(serversDir, file), ...args],
  });
  const facts = await process.ready();
  return { url: String(facts['url']), process, facts };
}

/** Starts the chosen hops in front of an upstream. What cannot be had is left out and noted. */
export async function startHttpHops(stand: Stand, upstreamUrl: string, wanted: readonly HttpHopKey[]): Promise<HttpHop[]> {
  const hops: HttpHop[] = [];
  for (const key of wanted) {
    const hop = await startHop(stand, upstreamUrl, key);
    if (hop !== undefined) hops.push({ name: hopNames[key], ...hop });
  }
  return hops;
}

async function startHop(stand: Stand, upstreamUrl: string, key: HttpHopKey): Promise<Omit<HttpHop, 'name'> | undefined> {
  switch (key) {
    case 'direct':
      return { url: upstreamUrl };
    case 'nginx':
      return nginxHop(stand, upstreamUrl);
    case 'node':
      return nodeServer(stand, hopNames.node, 'node-pipe.ts', [upstreamUrl]);
    case 'peer':
      return nodeServer(stand, hopNames.peer, 'http-proxy-3.ts', [upstreamUrl]);
    case 'recording':
    case 'notRecording': {
      const problem = missingBuild();
      if (problem !== undefined) {
        stand.note(problem);
        return undefined;
      }
      const host = await shadowcatProxy(stand, upstreamUrl, key === 'recording');
      return { url: host.url, process: host.process, host };
    }
    default:
      throw new Error(`No such hop: ${String(key satisfies never)}`);
  }
}

/** Stops what `startHttpHops` started, so that the next comparison has the machine for itself. */
export async function stopHttpHops(hops: readonly HttpHop[]): Promise<void> {
  for (const hop of hops) {
    if (hop.host !== undefined) await hop.host[Symbol.asyncDispose]();
    else await hop.process?.stop();
  }
}
