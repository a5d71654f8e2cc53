/** The keys of the window, by where they work. */
import { shortcuts, type Shortcut } from '../state/shortcuts.ts';

const all: readonly Shortcut[] = Object.values(shortcuts);
const groups = ['Everywhere', 'Rows', 'Detail', 'Sessions'] as const;

export function KeyList() {
  return (
    <div className="key-groups">
      {groups.map(group => (
        <section key={group}>
          <h3>{group}</h3>
          <dl>
            {all
              .filter(shortcut => shortcut.group === group)
              .map(shortcut => (
                <div key={shortcut.keys}>
                  <dt>
                    {shortcut.shown.map(key => (
                      <kbd key={key}>{key}</kbd>
                    ))}
                  </dt>
                  <dd>{shortcut.does}</dd>
                </div>
              ))}
          </dl>
        </section>
      ))}
    </div>
  );
}
