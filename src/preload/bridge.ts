/** The bridge: `window.shadowcat` with `call` and `subscribe`, carried to the desktop host over IPC. It decides nothing. */
import { contextBridge, ipcRenderer } from 'electron';
import type { Bridge, ClientMessage, HostMessage, Reply } from '../shared/contract/wire.ts';

interface Subscriber {
  readonly onMessage: Parameters<Bridge['subscribe']>[2];
  readonly onClosed: Parameters<Bridge['subscribe']>[3];
}

const waiting = new Map<number, (reply: Reply<unknown>) => void>();
const subscribers = new Map<number, Subscriber>();
let lastId = 0;

const post = (message: ClientMessage): void => ipcRenderer.send('shadowcat:post', message);

ipcRenderer.on('shadowcat:message', (_event, message: HostMessage) => {
  switch (message.type) {
    case 'reply':
      waiting.get(message.id)?.(message.reply);
      waiting.delete(message.id);
      break;
    case 'message':
      subscribers.get(message.id)?.onMessage(message.seq, message.message);
      break;
    case 'closed':
      subscribers.get(message.id)?.onClosed(message.code, message.message);
      subscribers.delete(message.id);
      break;
  }
  // Tells the host that this window keeps up; a window that does not gets only the newest state.
  ipcRenderer.send('shadowcat:taken');
});

const bridge: Bridge = {
  call(name, input) {
    lastId += 1;
    const id = lastId;
    return new Promise(resolve => {
      waiting.set(id, resolve);
      post({ type: 'call', id, name, input });
    });
  },
  subscribe(topic, params, onMessage, onClosed) {
    lastId += 1;
    const id = lastId;
    subscribers.set(id, { onMessage, onClosed });
    post({ type: 'subscribe', id, topic, params });
    return () => {
      if (subscribers.delete(id)) post({ type: 'unsubscribe', id });
    };
  },
};

// First of all: the host forgets the document before this one.
ipcRenderer.send('shadowcat:open');
contextBridge.exposeInMainWorld('shadowcat', bridge);
