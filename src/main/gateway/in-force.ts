/** What is in force now. Whoever needs something of it looks it up here each time, and so never holds what has been replaced. */
import { Config } from '../../shared/config/schema.ts';
import type { SessionSeal } from '../../shared/model/sealed-session.ts';
import { noSecrets, type ResolvedSecrets } from './resolved-secrets.ts';

/** A configuration, and what goes with it. */
export interface Matter {
  readonly config: Config;
  /** What its references stand for. */
  readonly secrets: ResolvedSecrets;
  /** What session ids are sealed with; there is none before the first configuration. */
  readonly seal: SessionSeal | undefined;
}

export class InForce {
  /** Nothing listens, and nothing applies. */
  #matter: Matter = { config: Config.parse({ version: 1, limits: [] }), secrets: noSecrets, seal: undefined };

  get config(): Config {
    return this.#matter.config;
  }

  get secrets(): ResolvedSecrets {
    return this.#matter.secrets;
  }

  /** Throws when a session comes before the configuration that it belongs to: a bug. */
  get seal(): SessionSeal {
    const { seal } = this.#matter;
    if (seal === undefined) throw new Error('A session came before the configuration that it belongs to.');
    return seal;
  }

  /** Puts something else into force. Returns what takes that back. */
  put(matter: Matter): () => void {
    const before = this.#matter;
    this.#matter = matter;
    return () => {
      this.#matter = before;
    };
  }
}
