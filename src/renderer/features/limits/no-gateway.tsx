/** Without a configuration there is nothing to limit: how one comes into force. */
import { FileCog, SquareTerminal } from 'lucide-react';
import { useHostInfo } from '../../state/use-workbench.ts';
import { CopyableLine } from '../../ui/copyable-line.tsx';

export function NoGateway() {
  const info = useHostInfo();
  const path = info === undefined ? undefined : join(info.dataDir, 'shadowcat.yaml', info.platform);
  return (
    <div className="no-gateway">
      <header>
        <h2>No gateway is configured</h2>
        <p>A gateway puts limits, policies and circuit breakers before your MCP servers. One file says which.</p>
      </header>
      <div className="ways">
        <section className="card way" aria-labelledby="way-init">
          <h2 id="way-init">
            <SquareTerminal className="i" aria-hidden="true" />
            Begin with an example
          </h2>
          <p>Writes a first file with comments into the data directory. With --from it takes over the servers of a client’s file.</p>
          <CopyableLine
            text={info === undefined ? undefined : `npx shadowcat config init --data-dir ${quoted(info.dataDir, info.platform)}`}
            label="Copy the command"
          />
        </section>
        <section className="card way" aria-labelledby="way-file">
          <h2 id="way-file">
            <FileCog className="i" aria-hidden="true" />
            Or save a file of your own
          </h2>
          <p>It is taken as soon as it is saved, and again with every change. What is wrong in it is said here.</p>
          <CopyableLine text={path} label="Copy the path" />
        </section>
      </div>
      <p className="second">
        A file elsewhere is taken by <code>npx shadowcat gateway --config FILE</code>.
      </p>
    </div>
  );
}

function join(directory: string, name: string, platform: string): string {
  return `${directory}${platform === 'win32' ? '\\' : '/'}${name}`;
}

/** For the shell of the host, where the path needs it. */
function quoted(path: string, platform: string): string {
  if (/^[\w@%+=:,./\\-]+$/.test(path)) return path;
  return platform === 'win32' ? `"${path}"` : `'${path.replaceAll("'", String.raw`'\''`)}'`;
}
