/** Limits and upstreams: how the instances behind a gateway do, and where limits stand. Everything is live. */
export function LimitsPage() {
  return (
    <div className="page">
      <header className="page-head">
        <h1>Limits and upstreams</h1>
      </header>
    </div>
  );
}
