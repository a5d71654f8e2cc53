/** What a person set for the window. Kept by the host; applied here. A change shows at once and is taken back when the host refuses it. */
import { defaultPreferences, type Preferences } from '../../shared/model/preferences.ts';
import type { HostClient } from '../host/host-client.ts';
import { Emitter } from './emitter.ts';

/** Puts a preference into effect outside of React; the others are read where they act. */
type Appliers = { readonly [K in 'theme' | 'density']: (value: Preferences[K]) => void };

export class PreferencesStore {
  #value: Preferences = defaultPreferences;
  #isKnown = false;
  /** Changes on their way; a message that crosses them would otherwise undo them for a moment. */
  #pending: Partial<Preferences> = {};
  #inFlight = 0;
  readonly #emitter = new Emitter();
  readonly #host: HostClient;
  readonly #appliers: Appliers;
  readonly subscribe = this.#emitter.subscribe;

  constructor(host: HostClient, appliers: Appliers) {
    this.#host = host;
    this.#appliers = appliers;
    host.follow('preferences', {}, message => this.#become(message));
  }

  readonly get = (): Preferences => this.#value;
  /** False until the host told: panes and columns wait for it instead of jumping. */
  readonly isKnown = (): boolean => this.#isKnown;

  async set(change: Partial<Preferences>): Promise<void> {
    this.#pending = { ...this.#pending, ...change };
    this.#inFlight += 1;
    const before = this.#value;
    this.#become({ ...this.#value, ...change });
    try {
      await this.#host.call('preferences.set', change);
    } catch (error) {
      this.#pending = {};
      this.#become(before);
      throw error;
    } finally {
      this.#inFlight -= 1;
      if (this.#inFlight === 0) this.#pending = {};
    }
  }

  #become(value: Preferences): void {
    this.#value = { ...value, ...this.#pending };
    this.#isKnown = true;
    this.#appliers.theme(this.#value.theme);
    this.#appliers.density(this.#value.density);
    this.#emitter.announce();
  }
}

/** Writes theme and density where the tokens look for them. */
export function documentAppliers(root: HTMLElement): Appliers {
  return {
    theme(theme) {
      if (theme === 'system') delete root.dataset['theme'];
      else root.dataset['theme'] = theme;
    },
    density(density) {
      root.dataset['density'] = density;
    },
  };
}
