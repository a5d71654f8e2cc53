/** What to do before the first message: wrap a command, put a proxy before a URL, or watch a sample. Nothing here is invented. */
import { Link, Play, SquareTerminal } from 'lucide-react';
import { useState } from 'react';
import type { ListenerInfo } from '../../../shared/model/host.ts';
import { shortcuts } from '../../state/shortcuts.ts';
import { useAct, useHostInfo, useStatus, useWorkbench } from '../../state/use-workbench.ts';
import { CopyableLine } from '../../ui/copyable-line.tsx';
import { Mark } from '../../ui/mark.tsx';

export function FirstRunPage() {
  const info = useHostInfo();
  const { host } = useWorkbench();
  const act = useAct();
  const sample = useStatus()?.sample;
  const isPlaying = sample?.isRunning === true;
  return (
    <div className="first">
      <header>
        <Mark />
        <h1>Nothing is connected yet</h1>
        <p>Shadowcat shows every message between your MCP clients and their servers. Choose how the first one gets here.</p>
      </header>
      <div className="ways">
        <section className="card way" aria-labelledby="way-wrap">
          <h2 id="way-wrap">
            <SquareTerminal className="i" aria-hidden="true" />
            Wrap a command
          </h2>
          <p>
            For servers that a client starts itself. Put this in front of the server’s command in the client’s configuration, then restart
            the client.
          </p>
          <CopyableLine text={info?.wrapCommand} label="Copy the wrap command" />
        </section>
        <section className="card way" aria-labelledby="way-proxy">
          <h2 id="way-proxy">
            <Link className="i" aria-hidden="true" />
            Put a proxy before a URL
          </h2>
          <p>For servers that are reached over HTTP. Give the client the new address instead of the server’s own.</p>
          <OpenProxy />
          <CopyableLine text={info?.proxyCommand} label="Copy the proxy command" />
        </section>
      </div>
      <section className="card sample" aria-labelledby="way-sample">
        <Play className="i l" aria-hidden="true" />
        <div>
          <h2 id="way-sample">Play a sample session</h2>
          <p>
            A real client and a real server talk through Shadowcat for a few seconds: calls, progress, a tool that fails, one that is
            cancelled.
          </p>
        </div>
        <span className="grow" />
        <button type="button" className="btn big primary" disabled={isPlaying} onClick={() => act(() => host.call('sample.play', {}))}>
          {isPlaying ? 'Starting…' : 'Play'}
        </button>
      </section>
      <footer>
        <span>Everything stays on this computer</span>
        <span>
          <kbd>{shortcuts.palette.shown.join(' ')}</kbd> commands
        </span>
        <span>
          <kbd>?</kbd> all keys
        </span>
      </footer>
    </div>
  );
}

/** Opens a listener in front of a URL right here; it lives as long as this window. */
function OpenProxy() {
  const { host } = useWorkbench();
  const [upstream, setUpstream] = useState('');
  const [opened, setOpened] = useState<ListenerInfo>();
  const [problem, setProblem] = useState<string>();
  const open = async () => {
    setProblem(undefined);
    try {
      setOpened(await host.call('listener.open', { upstream }));
    } catch (error) {
      setProblem(error instanceof Error ? error.message : String(error));
    }
  };
  if (opened !== undefined)
    return (
      <div className="opened" role="status">
        <p>Open while this window is. Dial this address:</p>
        <CopyableLine text={opened.url} label="Copy the address" />
      </div>
    );
  return (
    <form
      className="open-proxy"
      onSubmit={event => {
        event.preventDefault();
        void open();
      }}
    >
      <div className="field">
        <input
          type="url"
          required
          aria-label="Address of the server"
          placeholder="https://example.com/mcp"
          value={upstream}
          onChange={event => setUpstream(event.target.value)}
        />
      </div>
      <button type="submit" className="btn big">
        Open
      </button>
      {problem !== undefined && (
        <p className="error" role="alert">
          {problem}
        </p>
      )}
    </form>
  );
}
