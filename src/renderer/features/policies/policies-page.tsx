/** Policies: what an agent may do, read as sentences, edited as a form or as the file itself, and tried on recorded calls first. */
export function PoliciesPage() {
  return (
    <div className="page">
      <header className="page-head">
        <h1>Policies</h1>
      </header>
    </div>
  );
}
