/** Settings: how the window looks, its keys, and what the host says of itself. Every switch here acts at once. */
import type { ReactNode } from 'react';
import type { Preferences } from '../../../shared/model/preferences.ts';
import { bytes, count } from '../../formats/size.ts';
import { dayAndTime } from '../../formats/time.ts';
import { useAct, useHostInfo, usePreferences, useStatus, useWorkbench } from '../../state/use-workbench.ts';
import { KeyList } from '../../ui/key-list.tsx';
import { Segmented } from '../../ui/segmented.tsx';

export function SettingsPage() {
  return (
    <div className="page">
      <header className="page-head">
        <h1>Settings</h1>
      </header>
      <div className="page-scroll">
        <Appearance />
        <section className="card" aria-labelledby="settings-keys">
          <h2 id="settings-keys">Keys</h2>
          <KeyList />
        </section>
        <About />
      </div>
    </div>
  );
}

function Appearance() {
  const { preferences } = useWorkbench();
  const act = useAct();
  const { theme, density, timeFormat, detailDock, savedFilters } = usePreferences();
  const set = (change: Partial<Preferences>) => act(() => preferences.set(change));
  return (
    <section className="card" aria-labelledby="settings-look">
      <h2 id="settings-look">Appearance</h2>
      <Setting title="Theme" hint="High contrast keeps every text at 7 : 1 or more.">
        <Segmented
          label="Theme"
          value={theme}
          options={[
            { value: 'system', label: 'As the system' },
            { value: 'light', label: 'Light' },
            { value: 'dark', label: 'Dark' },
            { value: 'contrast', label: 'High contrast' },
          ]}
          onChange={value => set({ theme: value })}
        />
      </Setting>
      <Setting title="Rows">
        <Segmented
          label="Rows"
          value={density}
          options={[
            { value: 'compact', label: 'Compact' },
            { value: 'comfortable', label: 'Comfortable' },
          ]}
          onChange={value => set({ density: value })}
        />
      </Setting>
      <Setting title="Time">
        <Segmented
          label="Time"
          value={timeFormat}
          options={[
            { value: 'clock', label: 'Time of day' },
            { value: 'relative', label: 'Age' },
            { value: 'delta', label: 'Step from the row before' },
          ]}
          onChange={value => set({ timeFormat: value })}
        />
      </Setting>
      <Setting title="Detail">
        <Segmented
          label="Detail"
          value={detailDock}
          options={[
            { value: 'auto', label: 'By width' },
            { value: 'right', label: 'Beside the table' },
            { value: 'bottom', label: 'Below the table' },
          ]}
          onChange={value => set({ detailDock: value })}
        />
      </Setting>
      {savedFilters.length > 0 && (
        <Setting title="Saved filters">
          <ul className="saved-list">
            {savedFilters.map(saved => (
              <li key={saved.name}>
                <code className="clip">{saved.text}</code>
                <button type="button" className="btn" onClick={() => set({ savedFilters: savedFilters.filter(other => other !== saved) })}>
                  Forget
                </button>
              </li>
            ))}
          </ul>
        </Setting>
      )}
      <Setting title="Panes and columns" hint="Sizes, columns and their widths as they came.">
        <button type="button" className="btn" onClick={() => set({ panes: {}, columns: [] })}>
          Start over
        </button>
      </Setting>
    </section>
  );
}

interface SettingProps {
  readonly title: string;
  readonly hint?: string;
  readonly children: ReactNode;
}

function Setting({ title, hint, children }: SettingProps) {
  return (
    <div className="setting">
      <div>
        <h3>{title}</h3>
        {hint !== undefined && <p className="quiet">{hint}</p>}
      </div>
      {children}
    </div>
  );
}

function About() {
  const info = useHostInfo();
  const status = useStatus();
  if (info === undefined || status === undefined) return null;
  const facts: readonly (readonly [string, string])[] = [
    ['Version', info.version],
    ['Host', `${info.kind}, process ${info.pid}, since ${dayAndTime(info.startedAt)}`],
    ['Runs on', `${info.platform}, Node ${info.nodeVersion}`],
    ['Data directory', info.dataDir],
    ['Store', `${status.store.path}, ${bytes(status.store.sizeBytes)}`],
    [
      'Recorded',
      `${count(status.store.sessionCount)} sessions, ${count(status.store.exchangeCount)} exchanges, ${count(status.store.frameCount)} frames`,
    ],
    ...status.listeners.map(
      listener =>
        [`Listener ${listener.name}`, listener.upstream === undefined ? listener.url : `${listener.url} → ${listener.upstream}`] as const,
    ),
  ];
  return (
    <section className="card" aria-labelledby="settings-about">
      <h2 id="settings-about">About this host</h2>
      <dl className="about">
        {facts.map(([name, value]) => (
          <div key={name}>
            <dt>{name}</dt>
            <dd>{value}</dd>
          </div>
        ))}
      </dl>
    </section>
  );
}
