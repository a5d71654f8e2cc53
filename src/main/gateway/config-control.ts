/** The configuration file: read, checked, followed, edited, remembered. What it says is taken into force by the gateway. */
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Config } from '../../shared/config/schema.ts';
import { TrafficError } from '../../shared/errors/error-table.ts';
import type { EmitEvent } from '../../shared/model/gateway-event.ts';
import type { ConfigDraft } from '../../shared/model/config-draft.ts';
import type { ConfigFile, ConfigProblem } from '../../shared/model/gateway-state.ts';
import type { Clock, Logger } from '../ports.ts';
import type { ConfigCheck } from '../settings/config-checks/check.ts';
import { checksHere } from '../settings/config-checks/checks-here.ts';
import { configHistory, type ConfigHistory } from '../settings/config-history.ts';
import { draftConfig } from '../settings/draft-config.ts';
import { editConfig } from '../settings/edit-config.ts';
import type { ConfigEdit } from '../settings/edit-nodes.ts';
import { configHash, readConfig, type ReadConfig } from '../settings/read-config.ts';
import { type ConfigWatch, watchConfig } from '../settings/watch-config.ts';
import { writeConfig } from '../settings/write-config.ts';
import { cannotBeTaken, changedMeanwhile, isAddressTaken, plainProblems, problemsOf } from './config-refusal.ts';

export interface ConfigControlDeps {
  readonly dataDir: string;
  /** For `SHADOWCAT__SECTION__KEY`. */
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly clock: Clock;
  readonly log: Logger;
  readonly emit: EmitEvent;
  /** What only a compilation finds: expressions, patterns. */
  readonly checks: readonly ConfigCheck[];
  /** Takes it into force as a whole, or rejects and changes nothing. */
  readonly take: (config: Config, how?: Taking) => Promise<void>;
}

/** `isAnew`: also what is kept for a while of the secrets behind references is looked up again. */
export interface Taking {
  readonly isAnew: boolean;
}

type Contents = string | Uint8Array;
type Outcome = 'applied' | 'rolled-back';

interface Change {
  /** Of the text that the change was made from. */
  readonly expectedHash: string;
  readonly reason: string;
}

/** A value put at a path, or what stands there removed. */
export interface WantedEdit {
  readonly path: readonly (string | number)[];
  readonly value?: unknown;
  readonly remove: boolean;
}

/** A file that there is not yet is changed as if it were this. */
const emptyText = 'version: 1\n';

export class ConfigControl {
  readonly #deps: ConfigControlDeps;
  readonly #history: ConfigHistory;
  #path: string;
  #watch: ConfigWatch | undefined;
  /** One at a time, in the order in which they were asked for. */
  #taking: Promise<unknown> = Promise.resolve();
  #inForce: { readonly hash: string; readonly at: number; readonly config: Config } | undefined;
  #problems: readonly ConfigProblem[] = [];

  constructor(deps: ConfigControlDeps) {
    this.#deps = deps;
    this.#path = join(deps.dataDir, 'shadowcat.yaml');
    this.#history = configHistory({ dir: join(deps.dataDir, 'config-history') });
  }

  get path(): string {
    return this.#path;
  }

  get inForce(): { readonly hash: string; readonly at: number } | undefined {
    return this.#inForce;
  }

  /** Why the newest text was not taken. */
  get problems(): readonly ConfigProblem[] {
    return this.#problems;
  }

  /** Takes a file and follows it from now on. BAD_CALL, with all that is wrong in it, when it cannot be taken: the former stays. */
  async load(path: string): Promise<void> {
    const contents = await contentsOf(path);
    if (contents === undefined) throw new TrafficError('NOT_FOUND', `There is no file ${path}.`);
    await this.#queue(() => this.#take(contents, path, 'loaded', { isAnew: true }));
    this.#path = path;
    this.#follow();
  }

  /** The usual file of the data directory, where there is one; a wrong one is told and changes nothing. */
  async loadUsual(): Promise<void> {
    const contents = await contentsOf(this.#path);
    if (contents !== undefined) await this.#queue(() => this.#take(contents, this.#path, 'loaded')).catch(() => undefined);
    this.#follow(configHash(contents ?? ''));
  }

  /** Reads the file anew, also when it did not change: secrets behind its references may have. */
  reload(reason: string): Promise<void> {
    return this.#queue(async () => {
      const contents = await contentsOf(this.#path).catch((error: unknown) => error as TrafficError);
      if (contents instanceof Uint8Array) return this.#take(contents, this.#path, reason, { isAnew: true });
      const error = contents ?? new TrafficError('NOT_FOUND', `There is no file ${this.#path}.`);
      // Where nothing is in force, nobody expects a file. It is no problem of the text: that may be back, as it is in force, any moment.
      if (this.#inForce !== undefined) this.#tellRejected('', error);
      throw error;
    });
  }

  /** Takes what is in force once more, whatever the file says now: what its references stand for has changed. */
  async again(reason: string): Promise<void> {
    const { take, emit, clock } = this.#deps;
    await this.#queue(async () => {
      if (this.#inForce === undefined) return;
      await take(this.#inForce.config);
      emit({ type: 'config', at: clock.now(), outcome: 'applied', hash: this.#inForce.hash, reason });
    });
  }

  async read(): Promise<ConfigFile> {
    const contents = await contentsOf(this.#path);
    const { problems, warnings } = contents === undefined ? { problems: [], warnings: [] } : this.check(contents);
    const text = contents === undefined ? '' : Buffer.from(contents).toString('utf8');
    return { path: this.#path, text, hash: configHash(contents ?? ''), exists: contents !== undefined, problems, warnings };
  }

  check(contents: Contents): { problems: ConfigProblem[]; warnings: ConfigProblem[] } {
    const read = this.#read(contents);
    return { problems: read.ok ? [] : plainProblems(read.problems), warnings: plainProblems(read.warnings) };
  }

  /** Edits a text without writing it, and says what it is then. */
  draft(text: string, edits: readonly WantedEdit[]): ConfigDraft {
    const draft = draftConfig(text, edits.map(asConfigEdit), this.#readOptions());
    return { ...draft, problems: plainProblems(draft.problems), warnings: plainProblems(draft.warnings) };
  }

  /** Reads a text as the file would be read, without taking it. */
  readDraft(text: string): ReadConfig {
    return this.#read(text);
  }

  write({ text, expectedHash, reason }: Change & { readonly text: string }): Promise<ConfigFile> {
    return this.#queue(async () => {
      await this.#write(text, expectedHash, reason);
      return this.read();
    });
  }

  edit({ edits, expectedHash, reason }: Change & { readonly edits: readonly WantedEdit[] }): Promise<ConfigFile> {
    return this.#queue(async () => {
      const before = await contentsOf(this.#path);
      if (configHash(before ?? '') !== expectedHash) throw changedMeanwhile(this.#path);
      const text = before === undefined ? emptyText : Buffer.from(before).toString('utf8');
      const edited = editConfig(text, edits.map(asConfigEdit), { env: this.#deps.env, checks: this.#deps.checks });
      if (!edited.ok) throw cannotBeTaken(edited.problems, this.#path);
      await this.#write(edited.text, expectedHash, reason);
      return this.read();
    });
  }

  history(): { hash: string; at: number; reason: string; isInForce: boolean }[] {
    return this.#history.list().map(({ hash, at, reason }) => ({ hash, at, reason, isInForce: hash === this.#inForce?.hash }));
  }

  diff(from: string, to: string): string {
    return this.#history.diff(from, to);
  }

  /** Takes an earlier text and writes it back into the file. */
  rollback(hash: string): Promise<ConfigFile> {
    return this.#queue(async () => {
      const text = this.#history.read(hash);
      const before = await contentsOf(this.#path);
      await this.#write(text, configHash(before ?? ''), `rolled back to ${hash.slice(0, 8)}`, 'rolled-back');
      return this.read();
    });
  }

  async close(): Promise<void> {
    await this.#watch?.close();
  }

  /** Takes the text first: a file that cannot be taken is never written. */
  async #write(text: string, expectedHash: string, reason: string, outcome: Outcome = 'applied'): Promise<void> {
    const before = await contentsOf(this.#path);
    if (configHash(before ?? '') !== expectedHash) throw changedMeanwhile(this.#path);
    await this.#take(text, this.#path, reason, { outcome });
    writeConfig(this.#path, text, before === undefined ? undefined : expectedHash);
  }

  /** What differs from the contents of this hash is a change, also where there was no file yet. */
  #follow(hash = this.#inForce?.hash): void {
    const { clock, log } = this.#deps;
    void this.#watch?.close();
    this.#watch = watchConfig({
      path: this.#path,
      clock,
      log,
      ...(hash === undefined ? {} : { hash }),
      onChange: async ({ contents, hash: changed }) => {
        // What was written by ourselves is in force already, and so is a file that was put back after a mistake.
        if (changed === this.#inForce?.hash) return this.#backInForce(changed);
        await this.#queue(async () => {
          // While this waited its turn the file may have been written anew: what was read before must not replace that.
          if (changed === this.#inForce?.hash || configHash((await contentsOf(this.#path)) ?? '') !== changed) return;
          await this.#take(contents, this.#path, 'the file changed');
        }).catch(() => undefined);
      },
    });
  }

  async #take(contents: Contents, path: string, reason: string, how: Partial<Taking> & { readonly outcome?: Outcome } = {}): Promise<void> {
    const { outcome = 'applied', isAnew = false } = how;
    const { clock, log, emit, take } = this.#deps;
    const read = this.#read(contents);
    if (!read.ok) throw this.#rejected(contents, path, read.problems);
    try {
      await take(read.config, { isAnew });
    } catch (error) {
      throw this.#rejected(contents, path, problemsOf(error), isAddressTaken(error));
    }
    const at = clock.now();
    this.#problems = [];
    this.#inForce = { hash: read.hash, at, config: read.config };
    this.#remember({ text: read.text, at, reason });
    for (const { path: place, message } of read.warnings)
      log.warn('The configuration has something worth a look', { path, place, message });
    emit({ type: 'config', at, outcome, hash: read.hash, reason });
  }

  /** The configuration is in force already: that it cannot be remembered is no reason to say otherwise. */
  #remember(snapshot: { readonly text: string; readonly at: number; readonly reason: string }): void {
    try {
      this.#history.add(snapshot);
    } catch (error) {
      this.#deps.log.warn('The configuration is in force, but its history could not be written', { error: String(error) });
    }
  }

  #backInForce(hash: string): void {
    if (this.#problems.length === 0) return;
    this.#problems = [];
    this.#deps.emit({
      type: 'config',
      at: this.#deps.clock.now(),
      outcome: 'applied',
      hash,
      reason: 'the file is again as it is in force',
    });
  }

  #rejected(contents: Contents, path: string, problems: readonly ConfigProblem[], isTaken = false): TrafficError {
    const error = cannotBeTaken(problems, path, isTaken ? 'CONFLICT' : 'BAD_CALL');
    this.#problems = plainProblems(problems);
    this.#tellRejected(contents, error);
    return error;
  }

  #tellRejected(contents: Contents, error: TrafficError): void {
    const { clock, emit } = this.#deps;
    emit({
      type: 'config',
      at: clock.now(),
      outcome: 'rejected',
      hash: configHash(contents),
      reason: error.message.replaceAll('\n', ' ').slice(0, 500),
    });
  }

  #read(contents: Contents) {
    return readConfig(contents, this.#readOptions());
  }

  #readOptions() {
    const { env, checks } = this.#deps;
    return { env, checks: [...checks, ...checksHere(env)] };
  }

  #queue<T>(work: () => Promise<T>): Promise<T> {
    const next = this.#taking.then(work, work);
    this.#taking = next.catch(() => undefined);
    return next;
  }
}

const asConfigEdit = ({ path, value, remove }: WantedEdit): ConfigEdit => (remove ? { path, remove } : { path, value });

async function contentsOf(path: string): Promise<Uint8Array | undefined> {
  try {
    return await readFile(path);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw new TrafficError('BAD_CALL', `${path} cannot be read: ${(error as Error).message}`);
  }
}
