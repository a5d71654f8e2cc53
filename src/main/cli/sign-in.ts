/** `sign-in`: a person signs in to an upstream by a browser of his own choice; we wait for how it goes. */
import { setTimeout as sleep } from 'node:timers/promises';
import type { SignInStatus } from '../../shared/model/gateway-desk.ts';
import type { CallHost } from './call-host.ts';
import type { Command, CommandInput } from './command.ts';
import { CommandError, exitCodes, type ExitCode } from './exit-codes.ts';
import { localTime } from './formats.ts';
import { findUpstream, withRunningGateway } from './running-gateway.ts';
import { untilStopped } from './until-stopped.ts';

const POLL_MS = 250;

export const signIn: Command = {
  usage: 'sign-in UPSTREAM [--status | --forget] [--json]',
  help: `Signs in to an upstream whose credentials are "signIn": prints the address to open, in a browser on the machine of the gateway,
and waits until that is done, at most five minutes. Everybody who may use the route calls the server as the one who signed in.
Ctrl-C calls it off; a sign-in of before goes on.
  --status         only say whether somebody is signed in
  --forget         sign out: forget the tokens, and call off what is under way
  --json           JSON lines: {"kind":"signing-in","authorizationUrl"}, then how it ended; with the others one line, the state`,
  flags: { status: { type: 'boolean' }, forget: { type: 'boolean' } },
  words: { min: 1, max: 1 },
  run(input) {
    const { words, flags } = input;
    const upstream = words[0] ?? '';
    if (flags['status'] === true && flags['forget'] === true)
      throw new CommandError(exitCodes.usage, 'Give --status or --forget, not both.');
    return withRunningGateway(input, async call => {
      await findUpstream(call, upstream);
      if (flags['status'] === true) return tell(input, upstream, await call('signIn.state', { upstream }));
      if (flags['forget'] === true) return tell(input, upstream, await call('signIn.forget', { upstream }));
      return signInTo(input, call, upstream);
    });
  },
};

async function tell({ isJson, screen }: CommandInput, upstream: string, state: SignInStatus): Promise<ExitCode> {
  await screen.write(`${isJson ? JSON.stringify(state) : stateText(upstream, state)}\n`);
  return exitCodes.ok;
}

async function signInTo(input: CommandInput, call: CallHost, upstream: string): Promise<ExitCode> {
  const { isJson, screen } = input;
  const watch = untilStopped();
  try {
    const before = await call('signIn.state', { upstream });
    const { authorizationUrl } = await call('signIn.begin', { upstream });
    await screen.write(
      isJson
        ? `${JSON.stringify({ kind: 'signing-in', authorizationUrl })}\n`
        : `Open this address in a browser on the machine of the gateway, within five minutes:\n${authorizationUrl}\n`,
    );
    const end = await Promise.race([watch.stopped.then(() => 'stopped' as const), ended(call, upstream, authorizationUrl)]);
    if (end !== 'stopped') return await tell(input, upstream, newSignIn(before, end));
    // Forgetting is the way to call it off, and would forget the tokens of before as well.
    if (before.kind !== 'signed-in') await call('signIn.forget', { upstream });
    throw new CommandError(exitCodes.failed, 'The sign-in was called off.');
  } finally {
    watch.release();
  }
}

/** How a sign-in ended. Rejects when another one took its place. */
async function ended(call: CallHost, upstream: string, authorizationUrl: string): Promise<SignInStatus> {
  for (;;) {
    const state = await call('signIn.state', { upstream });
    if (state.kind !== 'signing-in') return state;
    if (state.authorizationUrl !== authorizationUrl)
      throw new CommandError(exitCodes.failed, 'Somebody began another sign-in, which took the place of this one.');
    await sleep(POLL_MS);
  }
}

/** The sign-in that was waited for. Ends the command where it failed, also where somebody is signed in from before. */
export function newSignIn(before: SignInStatus, now: SignInStatus): SignInStatus {
  if (now.kind !== 'signed-in')
    throw new CommandError(exitCodes.failed, (now.kind === 'signed-out' ? now.problem : undefined) ?? 'Nobody signed in.');
  if (before.kind === 'signed-in' && before.signedInAt === now.signedInAt)
    throw new CommandError(exitCodes.failed, 'Nobody signed in; the sign-in of before goes on.');
  return now;
}

export function stateText(upstream: string, state: SignInStatus): string {
  switch (state.kind) {
    case 'signed-out':
      return `Nobody is signed in to ${upstream}.${state.problem === undefined ? '' : ` ${state.problem}`}`;
    case 'signing-in':
      return `Somebody is signing in to ${upstream}, at ${state.authorizationUrl}`;
    case 'signed-in': {
      const { issuer, signedInAt, expiresAt, isRenewable } = state;
      const until = expiresAt === undefined || isRenewable ? '' : `, until ${localTime(expiresAt)}`;
      return `Signed in to ${upstream} at ${issuer}, since ${localTime(signedInAt)}${until}.`;
    }
  }
}
