/** Sign-ins that a person begins, or has forgotten. */
import { TrafficError } from '../../shared/errors/error-table.ts';
import type { SignInStatus } from '../../shared/model/gateway-desk.ts';
import { SignInError } from '../secrets/sign-in/sign-in-config.ts';
import type { SignIns } from '../secrets/sign-in/sign-ins.ts';
import type { ByHand, Tell } from './by-hand.ts';

export interface SignInChange extends ByHand {
  readonly upstream: string;
}

export function signInsByHand(signIns: SignIns, tell: Tell) {
  return {
    state: (upstream: string): SignInStatus => signIns.state(upstream),
    /** Rejects with BAD_CALL where nobody can sign in. */
    async begin({ upstream, actor }: SignInChange): Promise<{ readonly authorizationUrl: string }> {
      try {
        const { authorizationUrl, done } = await signIns.begin(upstream);
        // Everybody who may use the route calls the server as this person from then on. How it failed is told by its state.
        done.then(
          () => tell('sign in', upstream, { actor }),
          () => undefined,
        );
        return { authorizationUrl };
      } catch (error) {
        if (error instanceof SignInError) throw new TrafficError('BAD_CALL', error.message, { cause: error });
        throw error;
      }
    },
    forget({ upstream, actor }: SignInChange): SignInStatus {
      signIns.forget(upstream);
      tell('sign out', upstream, { actor });
      return signIns.state(upstream);
    },
  };
}
