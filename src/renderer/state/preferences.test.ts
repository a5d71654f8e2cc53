/** Preferences: shown at once, taken back when refused, never undone by a message that crosses them. */
import { expect, test } from 'vitest';
import { defaultPreferences, type Preferences } from '../../shared/model/preferences.ts';
import type { HostClient } from '../host/host-client.ts';
import { PreferencesStore } from './preferences.ts';

function setUp(answer: () => Promise<unknown>) {
  let tell: (message: Preferences) => void = () => {};
  const applied: string[] = [];
  const host: HostClient = {
    state: { kind: 'connected' },
    onState: () => () => {},
    call: () => answer() as never,
    follow: (_topic, _params, onMessage) => {
      tell = message => onMessage(message as never);
      return () => {};
    },
  };
  const store = new PreferencesStore(host, { theme: value => applied.push(value), density: value => applied.push(value) });
  return { store, applied, tell: (message: Preferences) => tell(message) };
}

test('applies what the host tells', () => {
  const { store, applied, tell } = setUp(() => Promise.resolve({}));
  expect(store.isKnown()).toBe(false);
  tell({ ...defaultPreferences, theme: 'dark', density: 'comfortable' });
  expect(store.isKnown()).toBe(true);
  expect(applied).toEqual(['dark', 'comfortable']);
});

test('shows a change before the host answered, also when an old message crosses it', async () => {
  let answer = () => {};
  const { store, tell } = setUp(() => new Promise<void>(resolve => (answer = resolve)));
  const done = store.set({ theme: 'light' });
  expect(store.get().theme).toBe('light');
  tell({ ...defaultPreferences, timeFormat: 'delta' });
  expect(store.get()).toMatchObject({ theme: 'light', timeFormat: 'delta' });
  answer();
  await done;
  tell({ ...defaultPreferences, theme: 'contrast' });
  expect(store.get().theme).toBe('contrast');
});

test('takes a refused change back', async () => {
  const { store } = setUp(() => Promise.reject(new Error('disk full')));
  await expect(store.set({ theme: 'dark' })).rejects.toThrow('disk full');
  expect(store.get().theme).toBe('system');
});
