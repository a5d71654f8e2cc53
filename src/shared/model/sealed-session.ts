/** What a session id of a gateway holds. It is sealed in `secrets`, and read by the stage that binds sessions. */

export interface SealedSession {
  /** Ours, random; the `session` tier counts by it. */
  readonly sessionId: string;
  readonly upstream: string;
  readonly instanceId: string;
  /** The upstream's own id; empty where it gave none. */
  readonly upstreamSessionId: string;
  readonly principalId: string;
  readonly route: string;
  readonly listener: string;
  readonly protocolVersion: string;
  /** Epoch ms. */
  readonly issuedAt: number;
}

export interface SessionSeal {
  /**
   * Visible ASCII (base64url), at most 6,000 characters. Throws UPSTREAM_BROKE when the upstream's id is so long that
   * ours would be longer: header fields of that size get lost on the way.
   */
  seal(session: SealedSession): string;
  /** Undefined for whatever is not one of ours, exactly as it was given out. */
  open(text: string): SealedSession | undefined;
}
