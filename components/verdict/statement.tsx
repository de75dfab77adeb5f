import type { ReactNode } from "react";
import { caretLines } from "./caret.ts";
import type { VerdictLine } from "./lines.ts";
import { pieces } from "./pieces.ts";
import classes from "./verdict.module.css";

type Span = readonly [from: number, to: number];

/** A statement with carets under one place of it. */
export function CaretStatement({ text, span, meaning }: { text: string; span: Span; meaning: "deny" | "review" }) {
  return (
    <pre className={classes.carets} data-meaning={meaning} data-caret-statement>
      {caretLines(text, span).map((line) => (
        <div key={line.number}>
          <span className={classes.lineNumber}>{line.number}</span>
          {line.text}
          {line.carets === null ? null : (
            <div>
              <span className={classes.lineNumber} />
              <span className={classes.caret}>{line.carets}</span>
            </div>
          )}
        </div>
      ))}
    </pre>
  );
}

/** A whole statement with its micro-actions marked where they come from. */
export function MarkedStatement(props: { text: string; lines: readonly VerdictLine[]; hovered: Span | null }) {
  return (
    <pre className={classes.statement} data-statement>
      <MarkedText {...props} />
    </pre>
  );
}

/** The same within a line of other text. */
export function MarkedText({ text, lines, hovered }: { text: string; lines: readonly VerdictLine[]; hovered: Span | null }) {
  return pieces(text, lines).map((piece): ReactNode => {
    const under = hovered !== null && piece.from < hovered[1] && piece.from + piece.text.length > hovered[0];
    if (piece.line === null && !under) return piece.text;
    return (
      <mark
        key={piece.from}
        className={classes.piece}
        data-meaning={piece.line?.meaning ?? "none"}
        data-hovered={under || undefined}
        title={piece.line === null ? undefined : `${piece.line.action} ${piece.line.resource}`}
      >
        {piece.text}
      </mark>
    );
  });
}
