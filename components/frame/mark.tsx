/** The mark: a gate with its portcullis half down. */
export function Mark({ size }: { size: number }) {
  return (
    <svg width={size} height={size} viewBox="0 0 32 32" aria-hidden="true" fill="none" strokeLinecap="round">
      <path d="M6 27V14a10 10 0 0 1 20 0v13" stroke="currentColor" strokeWidth="2.8" />
      <path d="M11.500 22V13M16 24V11M20.500 22V13M8 17h16" stroke="var(--accent)" strokeWidth="2.2" />
    </svg>
  );
}
