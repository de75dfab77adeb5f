/** jsonb holds no NUL. */
export function storableJson(value: unknown): string {
  return JSON.stringify(value).replaceAll("\\u0000", "\\u2400");
}
