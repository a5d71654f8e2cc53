/** Reads and writes the JSON messages of the shim protocol. Whatever is not exactly one of them reads as undefined. */
import type { HubRefusal, HubWelcome, LifecycleFact, ShimHello, ShimMode, ShimSession, SpoolHeader } from './protocol.ts';

/** A value as the bytes of its JSON. */
export function jsonBytes(value: object): Uint8Array {
  return new TextEncoder().encode(JSON.stringify(value));
}

export function readHello(payload: Uint8Array): ShimHello | undefined {
  const value = jsonObject(payload);
  const session = readSession(value?.['session']);
  if (value === undefined || session === undefined) return undefined;
  const { protocolVersion, secret, lastSeq, isOver, wasOffline, modes } = value;
  if (typeof protocolVersion !== 'number' || typeof secret !== 'string' || typeof lastSeq !== 'number') return undefined;
  return {
    protocolVersion,
    secret,
    session,
    lastSeq,
    isOver: isOver === true,
    wasOffline: wasOffline === true,
    modes: isTextList(modes) ? modes : [],
  };
}

export function readSpoolHeader(payload: Uint8Array): SpoolHeader | undefined {
  const value = jsonObject(payload);
  const session = readSession(value?.['session']);
  const protocolVersion = value?.['protocolVersion'];
  return session === undefined || typeof protocolVersion !== 'number' ? undefined : { protocolVersion, session };
}

export function readWelcome(payload: Uint8Array): HubWelcome | undefined {
  const value = jsonObject(payload);
  if (value === undefined) return undefined;
  const { protocolVersion, committedSeq, modes } = value;
  if (typeof protocolVersion !== 'number' || typeof committedSeq !== 'number' || !isTextList(modes)) return undefined;
  const mode = modeOf(value['mode']);
  return { protocolVersion, committedSeq, modes, ...(mode === undefined ? {} : { mode }) };
}

export function readMode(payload: Uint8Array): ShimMode | undefined {
  return modeOf(jsonObject(payload));
}

export function readRefusal(payload: Uint8Array): HubRefusal | undefined {
  const value = jsonObject(payload);
  const { code, reason } = value ?? {};
  return typeof code === 'string' && typeof reason === 'string' ? { code: code as HubRefusal['code'], reason } : undefined;
}

/** The fact in the body of a lifecycle frame; facts of a newer shim keep their `event` and are shown as they are. */
export function readLifecycle(body: Uint8Array): LifecycleFact | undefined {
  const value = jsonObject(body);
  return typeof value?.['event'] === 'string' ? (value as unknown as LifecycleFact) : undefined;
}

function modeOf(value: unknown): ShimMode | undefined {
  if (!isObject(value)) return undefined;
  const { isActive, isClosedOnLoss, judgesServer } = value;
  if (typeof isActive !== 'boolean' || typeof isClosedOnLoss !== 'boolean') return undefined;
  return { isActive, isClosedOnLoss, ...(judgesServer === true ? { judgesServer } : {}) };
}

function readSession(value: unknown): ShimSession | undefined {
  if (!isObject(value)) return undefined;
  const { id, startedAt, pid, pidMark, name, command, clientName } = value;
  // The id becomes part of a file name and of keys in the store.
  if (typeof id !== 'string' || !/^[\w-]{8,64}$/.test(id)) return undefined;
  if (typeof startedAt !== 'number' || typeof pid !== 'number' || typeof pidMark !== 'string') return undefined;
  if (typeof name !== 'string' || typeof clientName !== 'string' || !isTextList(command)) return undefined;
  return { id, startedAt, pid, pidMark, name, command, clientName };
}

function jsonObject(bytes: Uint8Array): Record<string, unknown> | undefined {
  try {
    const value: unknown = JSON.parse(new TextDecoder().decode(bytes));
    return isObject(value) ? value : undefined;
  } catch {
    return undefined;
  }
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function isTextList(value: unknown): value is readonly string[] {
  return Array.isArray(value) && value.every(item => typeof item === 'string');
}
