/** The host does not know this window. Only the address it printed helps, so the page says exactly that. */
import { Mark } from '../ui/mark.tsx';

export function SignedOut() {
  return (
    <main className="alone">
      <Mark />
      <h1>Open the address again that the host printed</h1>
      <p>
        This page is not signed in. The address that <code>shadowcat serve</code> prints when it starts carries a one-time token; it may
        have been used already, or the host was restarted since.
      </p>
      <p>
        Copy the line that begins with <code>{window.location.origin}/#token=</code> from its terminal, or start it again for a new one.
      </p>
      <button type="button" className="btn big" onClick={() => window.location.reload()}>
        Try again
      </button>
    </main>
  );
}
