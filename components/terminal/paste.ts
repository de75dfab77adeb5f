/**
 * Text for a terminal as if pasted: line ends, tabs and what is seen. Without controls, the end of a paste cannot stand in
 * the middle of it and let the rest come as if it had been typed.
 */
export function pasteable(text: string): string {
  return text.replace(/[\0-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f]/g, "");
}
