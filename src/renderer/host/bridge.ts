/** The way to the host: Electron's preload bridge in the desktop window, a WebSocket in a browser tab. */
import type { Bridge } from '../../shared/contract/wire.ts';
import { SocketBridge } from './socket-bridge.ts';
import type { WireStateSource } from './wire-state.ts';

declare global {
  interface Window {
    readonly shadowcat?: Bridge;
  }
}

export type Wire = Bridge & WireStateSource;

/** Opens the wire that fits where the window runs. */
export function openWire(): Wire {
  const preload = window.shadowcat;
  if (preload !== undefined) return ipcWire(preload);
  const socket = new SocketBridge();
  void socket.start();
  return socket;
}

/** The desktop host lives in the process that owns the window, so it is there as long as the window is. */
function ipcWire(bridge: Bridge): Wire {
  return {
    current: { kind: 'connected' },
    onChange: () => () => {},
    call: (name, input) => bridge.call(name, input),
    subscribe: (topic, params, onMessage, onClosed) => bridge.subscribe(topic, params, onMessage, onClosed),
  };
}
