/** Every call that crosses a process, with its schemas. Handlers know neither Electron nor sockets; failures cross as data. */
import { z } from 'zod';
import { ExchangeSummary } from '../model/exchange.ts';
import { FrameSummary } from '../model/frame.ts';
import { Check, HostInfo, ListenerInfo, RecordingState } from '../model/host.ts';
import {
  ConfigFile,
  ConfigProblem,
  ConfigVersion,
  DryRunResult,
  GatewayStatus,
  LimitsState,
  UpstreamState,
} from '../model/gateway-state.ts';
import { ConfigDraft } from '../model/config-draft.ts';
import { AuditQuery } from '../model/audit.ts';
import { AuditCheck, AuditPageData, PolicyExplanation, SignInStatus, ToolChangeData } from '../model/gateway-desk.ts';
import { Preferences } from '../model/preferences.ts';
import { SessionSummary } from '../model/session.ts';
import { FindQuery, RowsPage, SessionQuery, TimelineSpec, ViewState } from '../model/timeline.ts';

const Nothing = z.object({});
const ConfigText = z.string().max(4 * 1024 * 1024);
/** A value put at a path, or what stands there removed. */
const ConfigEdit = z.object({
  path: z.array(z.union([z.string(), z.number().int()])).min(1),
  value: z.unknown().optional(),
  remove: z.boolean().default(false),
});
export type ConfigEdit = z.input<typeof ConfigEdit>;
const SessionId = z.string().min(1).max(100);
const LogLevelWord = z.enum(['debug', 'info', 'warn', 'error', 'silent']);
const ViewId = z.string().min(1).max(100);
const SecretName = z
  .string()
  .regex(
    /^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$/,
    'A name has letters, digits, ".", "_" and "-", at most 64, and begins with a letter or digit.',
  );

export const ExchangeDetail = z.object({
  exchange: ExchangeSummary,
  session: SessionSummary,
  /** All frames of the exchange in order, at most 1000 (then `hasMoreFrames`). */
  frames: z.array(FrameSummary),
  hasMoreFrames: z.boolean(),
  /** Other rows worth a look: the handshake, the first leg or the retry, the same target before and after. */
  related: z.array(
    z.object({
      relation: z.enum(['handshake', 'first-leg', 'retry', 'same-target', 'cancelled-by', 'caused-by']),
      exchange: ExchangeSummary,
    }),
  ),
  /** How often this method and target occurs in the session, and how often it failed. */
  sameTarget: z.object({ count: z.number().int(), errorCount: z.number().int() }),
});
export type ExchangeDetail = z.infer<typeof ExchangeDetail>;

export const BodySlice = z.object({
  /** UTF-8 text where the slice is valid UTF-8, else base64. */
  encoding: z.enum(['utf8', 'base64']),
  text: z.string(),
  offset: z.number().int(),
  /** Bytes of the recorded copy this slice was cut from (after decoding gzip/br/deflate). */
  storedBytes: z.number().int(),
  /** Bytes of the body on the wire. */
  sizeBytes: z.number().int(),
  /** Secrets found and masked in this slice; 0 when revealed. */
  maskedCount: z.number().int(),
});
export type BodySlice = z.infer<typeof BodySlice>;

export const calls = {
  'host.info': { input: Nothing, output: HostInfo },
  'host.doctor': { input: Nothing, output: z.object({ checks: z.array(Check) }) },
  /** Asks the host to stop; replies before it does. Only for the holder of the host secret (the CLI), never the window. */
  'host.stop': { input: Nothing, output: Nothing },
  /** A fresh one-time address of the window. Only for the holder of the host secret. NOT_FOUND where the host serves no page. */
  'host.uiUrl': { input: Nothing, output: z.object({ url: z.string() }) },
  /** Brings the window of the desktop app to the front. Only for the holder of the host secret. NOT_FOUND where the host has none. */
  'host.showWindow': { input: Nothing, output: Nothing },

  'session.list': { input: SessionQuery, output: z.object({ sessions: z.array(SessionSummary), total: z.number().int() }) },
  'session.get': { input: z.object({ id: SessionId }), output: SessionSummary },
  'session.rename': { input: z.object({ id: SessionId, name: z.string().trim().max(200) }), output: SessionSummary },
  /** Hides the sessions at once; they are gone for good after `undoMs` unless restored. */
  'session.delete': { input: z.object({ ids: z.array(SessionId).min(1).max(1000) }), output: z.object({ undoMs: z.number().int() }) },
  'session.restore': { input: z.object({ ids: z.array(SessionId).min(1).max(1000) }), output: Nothing },
  'session.frames': {
    input: z.object({ id: SessionId, afterSeq: z.number().int().min(0).default(0), limit: z.number().int().min(1).max(2000).default(500) }),
    output: z.object({ frames: z.array(FrameSummary), hasMore: z.boolean() }),
  },

  /** Opens a live view of rows for the caller; it is closed with the caller's connection. At most 16 a caller. Topic `timeline` tells its changes. */
  'timeline.open': { input: TimelineSpec, output: z.object({ viewId: ViewId, state: ViewState }) },
  'timeline.close': { input: z.object({ viewId: ViewId }), output: Nothing },
  'timeline.rows': {
    input: z.object({ viewId: ViewId, from: z.number().int().min(0), count: z.number().int().min(1).max(500) }),
    output: RowsPage,
  },
  'timeline.indexOf': { input: z.object({ viewId: ViewId, id: z.number().int() }), output: z.object({ index: z.number().int() }) },
  'timeline.find': { input: FindQuery.extend({ viewId: ViewId }), output: z.object({ index: z.number().int() }) },

  'exchange.get': { input: z.object({ id: z.number().int() }), output: ExchangeDetail },
  /** The row of an exchange that is known by its key (`exchangeId`). NOT_FOUND when it is not recorded any more. */
  'exchange.find': { input: z.object({ exchangeId: z.string().min(1).max(200) }), output: z.object({ id: z.number().int() }) },
  'frame.body': {
    input: z.object({
      sessionId: SessionId,
      seq: z.number().int(),
      version: z.enum(['received', 'delivered']).default('received'),
      offset: z.number().int().min(0).default(0),
      length: z
        .number()
        .int()
        .min(1)
        .max(4 * 1024 * 1024)
        .default(256 * 1024),
      /** Undo gzip, br or deflate first; Raw shows the bytes as they came with `false`. */
      decode: z.boolean().default(true),
      /** Show secrets unmasked; each use is logged. */
      reveal: z.boolean().default(false),
    }),
    output: BodySlice,
  },

  /** Reads a filter text: its chips, or where it is wrong and what was expected. */
  'filter.read': {
    input: z.object({ text: z.string().max(4000) }),
    output: z.discriminatedUnion('kind', [
      z.object({ kind: z.literal('ok'), sentence: z.string() }),
      z.object({ kind: z.literal('error'), message: z.string(), start: z.number().int(), end: z.number().int() }),
    ]),
  },
  'filter.values': {
    input: z.object({ key: z.string().max(40), prefix: z.string().max(200) }),
    output: z.object({ values: z.array(z.string()) }),
  },

  'recording.set': { input: z.object({ isOn: z.boolean() }), output: RecordingState },

  /** Opens an HTTP listener in front of one URL; it closes with the caller's connection (or by `listener.close`). */
  'listener.open': {
    input: z.object({ upstream: z.url(), port: z.number().int().min(0).max(65535).optional(), name: z.string().max(100).optional() }),
    output: ListenerInfo,
  },
  'listener.close': { input: z.object({ id: z.string() }), output: Nothing },

  /** Runs the bundled server and a scripted real client through the real path. One at a time; progress in topic `status`. */
  'sample.play': { input: Nothing, output: z.object({ sessionIds: z.array(SessionId) }) },
  'sample.stop': { input: Nothing, output: Nothing },

  /** Takes a configuration file into force and follows its changes. Only for the holder of the host secret. BAD_CALL names what is wrong in it. */
  'gateway.load': { input: z.object({ path: z.string().min(1).max(4096) }), output: GatewayStatus },
  'gateway.status': { input: Nothing, output: GatewayStatus },
  'gateway.upstreams': { input: Nothing, output: z.object({ upstreams: z.array(UpstreamState) }) },
  'gateway.limits': { input: Nothing, output: LimitsState },
  /** Trips, resets or isolates an instance by hand; `rejoin` takes an isolation back. */
  'breaker.set': {
    input: z.object({ upstream: z.string(), instance: z.string(), action: z.enum(['trip', 'reset', 'isolate', 'rejoin']) }),
    output: z.object({ upstreams: z.array(UpstreamState) }),
  },
  /** Ends a live session of the gateway or of a proxy at once; its open answers are broken off. */
  'session.kill': { input: z.object({ id: SessionId, reason: z.string().max(500).default('') }), output: Nothing },

  'config.read': { input: Nothing, output: ConfigFile },
  /** Looks a text over without taking it. */
  'config.check': {
    input: z.object({ text: ConfigText }),
    output: z.object({ problems: z.array(ConfigProblem), warnings: z.array(ConfigProblem) }),
  },
  /** Writes the file and takes it into force. CONFLICT when the file is not that of `expectedHash` any more; BAD_CALL when it is wrong. */
  'config.write': {
    input: z.object({ text: ConfigText, expectedHash: z.string(), reason: z.string().max(200).default('edited') }),
    output: ConfigFile,
  },
  /** Changes single values and keeps comments, order and spelling of everything else. */
  'config.edit': {
    input: z.object({
      edits: z.array(ConfigEdit).min(1).max(100),
      expectedHash: z.string(),
      reason: z.string().max(200).default('edited'),
    }),
    output: ConfigFile,
  },
  /** Changes values in a text, as `config.edit` does, but writes nothing; says what the text is then, right or wrong. */
  'config.draft': {
    input: z.object({ text: ConfigText, edits: z.array(ConfigEdit).max(100).default([]) }),
    output: ConfigDraft,
  },
  /** The JSON Schema of the configuration, for editors. */
  'config.schema': { input: Nothing, output: z.object({ schema: z.record(z.string(), z.unknown()) }) },
  /** The newest ten configurations that were in force. */
  'config.history': { input: Nothing, output: z.object({ versions: z.array(ConfigVersion) }) },
  'config.diff': { input: z.object({ from: z.string(), to: z.string() }), output: z.object({ text: z.string() }) },
  'config.rollback': { input: z.object({ hash: z.string() }), output: ConfigFile },
  /** Judges recorded calls, newest first, by the policies of a text, and says what would differ from now. */
  'policy.dryRun': {
    input: z.object({
      text: ConfigText,
      sessionId: SessionId.optional(),
      limit: z.number().int().min(1).max(10_000).default(1000),
    }),
    output: DryRunResult,
  },

  /** Why the message of a recorded frame would pass or not by the policies in force now. NOT_FOUND when the frame holds no request. */
  'policy.explain': { input: z.object({ sessionId: SessionId, seq: z.number().int().min(1) }), output: PolicyExplanation },

  'audit.query': { input: AuditQuery, output: AuditPageData },
  /** Holds the files of the audit against the chain and the database. */
  'audit.verify': { input: Nothing, output: AuditCheck },

  /** Tools whose definition changed since it was first seen; of all upstreams where none is named. */
  'pin.changes': { input: z.object({ upstream: z.string().max(64).optional() }), output: z.object({ changes: z.array(ToolChangeData) }) },
  /**
   * From now on the changed definition of that digest is the pinned one. NOT_FOUND when there is no change to approve, CONFLICT when the
   * definition is not that of `digest` any more.
   */
  'pin.approve': {
    input: z.object({ upstream: z.string().max(64), tool: z.string().max(500), digest: z.string().min(1).max(100) }),
    output: Nothing,
  },

  'signIn.state': { input: z.object({ upstream: z.string().max(64) }), output: SignInStatus },
  /** Answers with the address that the person has to open; `signIn.state` tells how it went. BAD_CALL when nobody can sign in there. */
  'signIn.begin': { input: z.object({ upstream: z.string().max(64) }), output: z.object({ authorizationUrl: z.string() }) },
  'signIn.forget': { input: z.object({ upstream: z.string().max(64) }), output: SignInStatus },

  /** Names of what `${vault:NAME}` stands for. No call gives a value back. */
  'secret.list': {
    input: Nothing,
    /** `isPersistent`: false where the vault has no key and forgets everything with the host; `problem`: why what was kept is not there. */
    output: z.object({ names: z.array(z.string()), isPersistent: z.boolean(), problem: z.string().optional() }),
  },
  /** Keeps a secret, in place of one of that name. */
  'secret.set': {
    input: z.object({
      name: SecretName,
      value: z
        .string()
        .min(1)
        .max(64 * 1024),
    }),
    output: Nothing,
  },
  'secret.delete': { input: z.object({ name: SecretName }), output: Nothing },

  'log.levels': { input: Nothing, output: z.object({ levels: z.record(z.string(), LogLevelWord) }) },
  /** Of one component, or of all that have no level of their own; until the configuration changes. */
  'log.setLevel': {
    input: z.object({ component: z.string().max(60).optional(), level: LogLevelWord }),
    output: z.object({ levels: z.record(z.string(), LogLevelWord) }),
  },

  'preferences.get': { input: Nothing, output: Preferences },
  'preferences.set': { input: Preferences.partial(), output: Preferences },
} as const;

export type Calls = typeof calls;
export type CallName = keyof Calls;
export type CallInput<N extends CallName> = z.input<Calls[N]['input']>;
export type CallParsed<N extends CallName> = z.output<Calls[N]['input']>;
export type CallOutput<N extends CallName> = z.output<Calls[N]['output']>;
