/**
 * The configuration as the window edits it: the file as it is, and one draft of it that form, text and dry run share.
 * The host reads and edits texts, so that what the window shows is what the gateway would take. A draft outlives its page.
 */
import type { ConfigEdit } from '../../shared/contract/calls.ts';
import type { ConfigDraft } from '../../shared/model/config-draft.ts';
import type { ConfigFile } from '../../shared/model/gateway-state.ts';
import type { HostClient } from '../host/host-client.ts';
import { Emitter } from './emitter.ts';
import { additionOf, editsOf, freeId, mergedEdits, type FileChange, type NewPolicy } from './policy-edits.ts';

/** A text, and the file that it was made from. */
export interface Draft {
  readonly text: string;
  readonly base: { readonly hash: string; readonly text: string };
}

export interface DeskState {
  readonly file: ConfigFile | undefined;
  /** What the file says. */
  readonly said: ConfigDraft | undefined;
  /** Undefined while nothing is changed. */
  readonly draft: Draft | undefined;
  /** What the draft says, else the file; while `isReading`, of the text a moment ago. */
  readonly read: ConfigDraft | undefined;
  readonly isReading: boolean;
  /** Values of the form on their way into the text. */
  readonly pending: readonly ConfigEdit[];
  /** The policy in the form: its place in `read`, and its id, by which it is found again when places change. */
  readonly selected: { readonly index: number; readonly id: string } | undefined;
  readonly isSaving: boolean;
  /** Why the host did not take what was last saved or changed. */
  readonly refusal: string | undefined;
}

/** A person pauses as long between words. */
const TYPING_MS = 150;
const nothing: DeskState = {
  file: undefined,
  said: undefined,
  draft: undefined,
  read: undefined,
  isReading: false,
  pending: [],
  selected: undefined,
  isSaving: false,
  refusal: undefined,
};

export class PolicyDesk {
  #state = nothing;
  #reading: Promise<void> | undefined;
  #timer: ReturnType<typeof setTimeout> | undefined;
  readonly #emitter = new Emitter();
  readonly #host: HostClient;
  readonly subscribe = this.#emitter.subscribe;

  constructor(host: HostClient) {
    this.#host = host;
  }

  readonly state = (): DeskState => this.#state;

  /** The text in the editor. */
  get text(): string {
    return this.#state.draft?.text ?? this.#state.file?.text ?? '';
  }

  /** Somebody else changed the file since the draft was made from it. */
  get isConflict(): boolean {
    const { draft, file } = this.#state;
    return draft !== undefined && file !== undefined && draft.base.hash !== file.hash;
  }

  /** Reads the file anew; a draft stays what it is. */
  async refresh(): Promise<void> {
    await this.#found(await this.#host.call('config.read', {}));
    // What was on its way when the host went is asked anew.
    await this.#read();
  }

  /** A person wrote in the text. */
  setText(text: string): void {
    if (text === this.text) return;
    this.#become({ ...this.#drafted(text), refusal: undefined });
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => void this.#read().catch(() => {}), TYPING_MS);
  }

  /** Values of the form, put into the text; what a person wrote around them stays. */
  edit(edits: readonly ConfigEdit[]): Promise<void> {
    this.#become({ pending: mergedEdits(this.#state.pending, edits), refusal: undefined });
    return this.#read();
  }

  /** Adds a policy to the draft and opens it. Its id is made one that is free. */
  async add(policy: NewPolicy): Promise<void> {
    if (this.#state.file === undefined) await this.refresh();
    await this.#read();
    const { read } = this.#state;
    if (read?.isReadable === false && this.text !== '')
      throw new Error('The file is no YAML as it stands; mend it in File, then add the policy.');
    const id = freeId(
      policy.id,
      read?.policies.map(known => known.id),
    );
    const index = read?.policies.length ?? 0;
    await this.edit(additionOf({ ...policy, id }, read, this.text));
    this.#become({ selected: { index, id } });
  }

  select(index: number | undefined): void {
    const policy = index === undefined ? undefined : this.#state.read?.policies[index];
    this.#become({ selected: index === undefined || policy === undefined ? undefined : { index, id: policy.id } });
  }

  /** Writes the draft and takes it into force; true when that is done. A refusal stays to be read, and the draft with it. */
  async save(): Promise<boolean> {
    await this.#read();
    const { draft } = this.#state;
    if (draft === undefined) return false;
    return this.#send(async () => {
      const file = await this.#host.call('config.write', {
        text: draft.text,
        expectedHash: draft.base.hash,
        reason: 'edited in the window',
      });
      await this.#found(file, () => (this.text === draft.text ? undefined : { text: this.text, base: file }));
    });
  }

  /** Changes the file itself, at once; the same change is made to a draft of it. */
  async change(change: FileChange, reason: string): Promise<boolean> {
    const { file, said, draft } = this.#state;
    const edits = editsOf(change, said);
    if (file === undefined || edits === undefined) return false;
    const wasBase = draft?.base.hash === file.hash;
    return this.#send(async () => {
      const after = await this.#host.call('config.edit', { edits: [...edits], expectedHash: file.hash, reason });
      const again = editsOf(change, this.#state.read);
      await this.#found(after, () => {
        const now = this.#state.draft;
        return now === undefined || !wasBase ? now : { text: now.text, base: after };
      });
      if (wasBase && this.#state.draft !== undefined && again !== undefined) await this.edit(again);
    });
  }

  /** Puts a text in place of the file that is known, such as the one before a removal. */
  async write(text: string, expectedHash: string, reason: string): Promise<boolean> {
    return this.#send(async () => this.#found(await this.#host.call('config.write', { text, expectedHash, reason })));
  }

  async rollback(hash: string): Promise<boolean> {
    return this.#send(async () => this.#found(await this.#host.call('config.rollback', { hash })));
  }

  /** Throws the draft away, and gives it for who wants it back. */
  discard(): Draft | undefined {
    const { draft } = this.#state;
    this.#become({ draft: undefined, pending: [], refusal: undefined, read: this.#state.said, isReading: false });
    return draft;
  }

  restore(draft: Draft): void {
    this.#become({ draft });
    void this.#read().catch(() => {});
  }

  dismissRefusal(): void {
    this.#become({ refusal: undefined });
  }

  /** Goes on with the draft over the file as it is now: saving it then replaces what somebody else changed. */
  keepDraft(): void {
    const { draft, file } = this.#state;
    if (draft === undefined || file === undefined) return;
    this.#become({ draft: { ...draft, base: { hash: file.hash, text: file.text } }, refusal: undefined });
  }

  async #send(work: () => Promise<void>): Promise<boolean> {
    this.#become({ isSaving: true, refusal: undefined });
    try {
      await work();
      return true;
    } catch (error) {
      const refusal = error instanceof Error ? error.message : String(error);
      await this.refresh().catch(() => {});
      this.#become({ refusal });
      return false;
    } finally {
      this.#become({ isSaving: false });
    }
  }

  /** The file is now this; what becomes of a draft is asked when all of it is known, so that no text flickers. */
  async #found(file: ConfigFile, draftAfter: () => Draft | undefined = () => this.#state.draft): Promise<void> {
    const { said: known, file: before } = this.#state;
    const said = known !== undefined && file.hash === before?.hash ? known : await this.#host.call('config.draft', { text: file.text });
    const draft = draftAfter();
    this.#become({ file, said, draft, ...(draft === undefined ? { read: said, isReading: false } : {}) });
  }

  #drafted(text: string): Partial<DeskState> {
    const { file, draft } = this.#state;
    const base = draft?.base ?? { hash: file?.hash ?? '', text: file?.text ?? '' };
    return { draft: text === base.text ? undefined : { text, base }, isReading: true };
  }

  /** Brings `read` up to the text and the edits; one question at a time, until nothing is left. */
  #read(): Promise<void> {
    if (!this.#isBehind) return Promise.resolve();
    this.#reading ??= this.#readAll();
    return this.#reading;
  }

  get #isBehind(): boolean {
    const { pending, read, file } = this.#state;
    return file !== undefined && (pending.length > 0 || read?.text !== this.text);
  }

  async #readAll(): Promise<void> {
    clearTimeout(this.#timer);
    try {
      while (this.#isBehind) {
        const { pending } = this.#state;
        const { text } = this;
        const now = await this.#host.call('config.draft', { text, edits: [...pending] });
        // A person wrote on meanwhile: the edits are made anew, in what stands there now.
        if (this.text !== text) continue;
        this.#become({ ...this.#drafted(now.text), pending: this.#state.pending.filter(edit => !pending.includes(edit)), read: now });
      }
      this.#become({ isReading: false });
    } finally {
      // At once and not when the promise is settled: what comes in between must find nobody who is done already.
      this.#reading = undefined;
    }
  }

  #become(change: Partial<DeskState>): void {
    const next = { ...this.#state, ...change };
    this.#state = { ...next, selected: placedAgain(next) };
    this.#emitter.announce();
  }
}

/** Where the selected policy is now: under its id, else what took its place. */
function placedAgain({ selected, read }: DeskState): DeskState['selected'] {
  if (selected === undefined || read === undefined) return selected;
  const { policies } = read;
  if (policies[selected.index]?.id === selected.id) return selected;
  const index = policies.findIndex(({ id }) => id === selected.id);
  if (index >= 0) return { ...selected, index };
  const there = policies[selected.index];
  return there === undefined ? undefined : { index: selected.index, id: there.id };
}
