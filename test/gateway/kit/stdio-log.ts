/** What the tool server over stdio writes down: which processes there were, and which calls they got. */
import { existsSync, readFileSync } from 'node:fs';
import { asJsonObject } from '../../peers/child-process.ts';
import { toolNames } from './tool-server.ts';

/** Processes that wrote this log, oldest first. */
export function pidsIn(logFile: string): number[] {
  return linesOf(logFile).flatMap(line => {
    const pid = asJsonObject(line)?.['pid'];
    return typeof pid === 'number' ? [pid] : [];
  });
}

/** Names of the tools that were called, in order. */
export const calledOverStdio = (logFile: string): string[] => linesOf(logFile).flatMap(toolNames);

/** Whole lines; what is behind the last line feed is being written. */
const linesOf = (logFile: string): string[] => (existsSync(logFile) ? readFileSync(logFile, 'utf8').split('\n').slice(0, -1) : []);
