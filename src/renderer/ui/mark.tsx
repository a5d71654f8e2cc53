/** The mark of the product. */
export function Mark() {
  return (
    <svg className="mark-sign" viewBox="0 0 16 16" aria-hidden="true">
      <path d="M2.500 13.500V3.200c0-.6.7-.9 1.100-.5L6.300 5.300c1.100-.3 2.300-.3 3.400 0l2.700-2.600c.4-.4 1.100-.1 1.100.5v10.300" />
      <path d="M5.600 9.200l1.500 1M10.400 9.200l-1.500 1" />
    </svg>
  );
}
