import { Check, Contrast, Hourglass, Minus, X } from "lucide-react";
import type { Meaning } from "./lines.ts";
import classes from "./verdict.module.css";

const SHAPE = { allow: Check, masked: Contrast, review: Hourglass, deny: X, none: Minus } as const;
export const WORD = { allow: "allowed", masked: "masked", review: "needs review", deny: "denied", none: "no verdict" } as const;

/** A meaning is a colour, a shape and a word; where the word has no room it is for the ear. */
export function OutcomeMark({ meaning, word }: { meaning: Meaning | "none"; word?: string | false }) {
  const Shape = SHAPE[meaning];
  const text = word === undefined || word === false ? WORD[meaning] : word;
  return (
    <span className={classes.mark} data-meaning={meaning} data-outcome={meaning} title={word === false ? text : undefined}>
      <Shape size={13} strokeWidth={2.6} aria-hidden />
      <span className={word === false ? classes.forTheEar : undefined}>{text}</span>
    </span>
  );
}
