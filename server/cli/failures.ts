/** A mistake in how a command was called: exit code 2. */
export class UsageError extends Error {}

/** A text for people; unexpected failures keep their stack for a bug report. */
export function messageOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  const code = "code" in error && typeof error.code === "string" ? error.code : "";
  const expected =
    ["invalid", "conflict", "unavailable", "forbidden", "not-found", "secret", "target-unreachable", "ENOENT", "EACCES"].includes(
      code,
    ) || ["ConfigError", "ServeError", "UsageError"].includes(error.constructor.name);
  const details = "details" in error && Array.isArray(error.details) ? error.details.map(detailLine).join("") : "";
  if (expected || code === "") return error.message + details;
  return error.stack ?? error.message;
}

function detailLine(detail: {
  readonly path?: string;
  readonly line?: number;
  readonly column?: number;
  readonly message: string;
}): string {
  const place = detail.line === undefined ? "" : `line ${detail.line}, column ${detail.column ?? 1}: `;
  return `\n  ${place}${detail.path ? `\`${detail.path}\`: ` : ""}${detail.message}`;
}
