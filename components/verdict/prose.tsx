import type { ReactNode } from "react";

/** A message of the gateway: what it quotes in backticks is set as code. */
export function Prose({ text }: { text: string }): ReactNode {
  return text.split(/`([^`]*)`/).map((part, index) =>
    index % 2 === 0 ? (
      part
    ) : (
      // biome-ignore lint/suspicious/noArrayIndexKey: the parts of one text never move
      <code key={index}>{part}</code>
    ),
  );
}
