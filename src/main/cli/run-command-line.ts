/** Reads the command line, runs the command, and turns whatever ends it into a sentence and an exit code. */
import { homedir } from 'node:os';
import { parseArgs } from 'node:util';
import { dataDirOf } from '../headless/data-dir.ts';
import { componentLogs, logLevels } from '../headless/component-logs.ts';
import { programFiles } from '../headless/program-files.ts';
import { type LogLevel, systemClock } from '../ports.ts';
import { type Command, globalFlags } from './command.ts';
import { commandList, findCommand } from './command-list.ts';
import { CommandError, exitCodeOf, exitCodes, type ExitCode } from './exit-codes.ts';
import { commandHelp, generalHelp, groupHelp } from './help.ts';
import { nearest } from './nearest.ts';
import { processScreen, type Screen } from './screen.ts';

/** `entryFile` is the entry that was started: the rest of the program lies around it. */
export async function runCommandLine(args: readonly string[], entryFile: string): Promise<number> {
  const screen = processScreen();
  try {
    return await run(args, entryFile, screen);
  } catch (error) {
    screen.remark(`shadowcat: ${sentenceOf(error)}`);
    return exitCodeOf(error);
  }
}

async function run(args: readonly string[], entryFile: string, screen: Screen): Promise<ExitCode> {
  const { leading, words } = splitLeadingFlags(args);
  if (leading.some(flag => flag === '--version' || flag === '-v')) return print(screen, `${programFiles(entryFile).version}\n`);
  if (words[0] === undefined) return withoutCommand(leading, entryFile, screen);
  if (words[0] === 'help') return help(words.slice(1), screen);
  if (/^https?:\/\//i.test(words[0])) return run([...leading, 'proxy', '--upstream', ...words], entryFile, screen);
  // The short form of wrap never comes this far, unless a flag of another command stands before it.
  if (words[0] === '--') throw new CommandError(exitCodes.usage, 'Before "--" stand only flags of wrap. See shadowcat wrap --help.');
  const found = findCommand(words);
  if (found === undefined && words.slice(1).some(word => word === '--help' || word === '-h')) return help(words.slice(0, 1), screen);
  if (found === undefined) throw unknownCommand(words);
  const command = await found.entry.load();
  const input = read(command, found.entry.name, [...leading, ...found.rest]);
  if (input.flags['help'] === true) return print(screen, commandHelp(command));
  const { min, max } = command.words;
  if (input.words.length < min || input.words.length > max)
    throw new CommandError(exitCodes.usage, `Usage: shadowcat ${command.usage} (see shadowcat ${found.entry.name} --help)`);
  if (input.flags['data-dir'] === '')
    throw new CommandError(exitCodes.usage, '--data-dir needs the path of a directory; without it the usual one is taken.');
  const logs = componentLogs({
    level: levelOf(input.flags['log-level'], input.flags['json'] === true),
    isLevelNamed: input.flags['log-level'] !== undefined,
    clock: systemClock,
    write: gatheredLines(text => void process.stderr.write(text)),
  });
  return command.run({
    flags: input.flags,
    words: input.words,
    dataDir: dataDirOf({
      named: input.flags['data-dir'] as string | undefined,
      env: process.env,
      platform: process.platform,
      home: homedir(),
    }),
    isJson: input.flags['json'] === true,
    log: logs.of(''),
    logs,
    program: programFiles(entryFile),
    screen,
  });
}

/** Global flags may stand before the command as well. */
function splitLeadingFlags(args: readonly string[]): { leading: readonly string[]; words: readonly string[] } {
  let at = 0;
  while (at < args.length && args[at]?.startsWith('-') === true && args[at] !== '--') {
    const takesNext = args[at] === '--data-dir' || args[at] === '--log-level';
    if (takesNext && args[at + 1] === undefined) throw new CommandError(exitCodes.usage, `${args[at]} needs a value.`);
    at += takesNext ? 2 : 1;
  }
  return { leading: args.slice(0, at), words: args.slice(at) };
}

async function withoutCommand(leading: readonly string[], entryFile: string, screen: Screen): Promise<ExitCode> {
  if (leading.some(flag => flag === '--help' || flag === '-h')) return print(screen, generalHelp());
  // Without a word: what `npm start` does where there is no desktop.
  return run([...leading, 'serve', '--open'], entryFile, screen);
}

async function help(topic: readonly string[], screen: Screen): Promise<ExitCode> {
  if (topic.length === 0) return print(screen, generalHelp());
  const found = findCommand(topic);
  const group = topic.length === 1 ? groupHelp(topic[0] ?? '') : undefined;
  if (found === undefined && group !== undefined) return print(screen, group);
  if (found === undefined) throw unknownCommand(topic);
  return print(screen, commandHelp(await found.entry.load()));
}

function read(command: Command, name: string, args: readonly string[]) {
  const known = { ...globalFlags, ...command.flags };
  try {
    const { values, positionals } = parseArgs({
      args: [...args],
      options: known,
      strict: true,
      allowPositionals: true,
      allowNegative: false,
    });
    return { flags: values as Record<string, string | boolean | undefined>, words: positionals };
  } catch (error) {
    throw new CommandError(exitCodes.usage, `${flagProblem(error, Object.keys(known))} See shadowcat ${name} --help.`);
  }
}

function flagProblem(error: unknown, known: readonly string[]): string {
  const { code, message } = error as NodeJS.ErrnoException;
  const flag = /'(-[^' ]*)/.exec(message)?.[1] ?? '';
  if (code !== 'ERR_PARSE_ARGS_UNKNOWN_OPTION') return `${message.split('. ')[0] ?? message}.`;
  const guess = nearest(flag.replace(/^-+/, ''), known);
  return `Unknown flag ${flag}.${guess === undefined ? '' : ` Did you mean --${guess}?`}`;
}

function unknownCommand(words: readonly string[]): CommandError {
  const names = commandList.map(({ name }) => name);
  const [first = '', second] = words;
  const group = names.filter(name => name.startsWith(`${first} `));
  if (group.length > 0) {
    const guess =
      second === undefined
        ? undefined
        : nearest(
            second,
            group.map(name => name.slice(first.length + 1)),
          );
    const hint = guess === undefined ? `Use one of: ${group.join(', ')}.` : `Did you mean "${first} ${guess}"?`;
    return new CommandError(
      exitCodes.usage,
      second === undefined ? `"${first}" needs a second word. ${hint}` : `Unknown command "${first} ${second}". ${hint}`,
    );
  }
  const guess = nearest(first, ['help', ...new Set(names.map(name => name.split(' ')[0] ?? name))]);
  return new CommandError(
    exitCodes.usage,
    `Unknown command "${first}".${guess === undefined ? '' : ` Did you mean "${guess}"?`} See shadowcat --help.`,
  );
}

/** A person reads sentences, not a log; a program that asks for JSON gets the warnings as well. */
function levelOf(wish: unknown, isJson: boolean): LogLevel {
  if (wish === undefined) return isJson ? 'warn' : 'silent';
  const level = logLevels.find(known => known === wish);
  if (level === undefined) throw new CommandError(exitCodes.usage, `--log-level is one of ${logLevels.join(', ')}.`);
  return level;
}

function sentenceOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

async function print(screen: Screen, text: string): Promise<ExitCode> {
  await screen.write(text);
  return exitCodes.ok;
}

const MAX_GATHERED_CHARS = 64 * 1024;

/** Lines of one turn of the event loop go out in one write: each is a call into the system that everybody waits for. */
function gatheredLines(write: (text: string) => void): (line: string) => void {
  let text = '';
  const flush = () => {
    const gathered = text;
    text = '';
    if (gathered !== '') write(gathered);
  };
  process.once('exit', flush);
  return line => {
    if (text === '') setImmediate(flush);
    text += line;
    if (text.length > MAX_GATHERED_CHARS) flush();
  };
}
