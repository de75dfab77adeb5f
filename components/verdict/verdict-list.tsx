"use client";

import Link from "next/link";
import type { WireDecision } from "../../server/contract/socket.ts";
import { usePerson } from "../frame/person.tsx";
import { verdictLines } from "./lines.ts";
import { OutcomeMark, WORD } from "./outcome-mark.tsx";
import classes from "./verdict.module.css";

type Span = readonly [from: number, to: number];

/** What a statement would do, line by line, each with what decided it. Hovering a line tells where it comes from. */
export function VerdictList({ decision, onHover }: { decision: WireDecision; onHover?: (span: Span | null) => void }) {
  const lines = verdictLines(decision);
  return (
    <ol className={classes.lines} aria-label="what it does" onMouseLeave={() => onHover?.(null)}>
      {lines.map((line) => (
        <li
          key={line.key}
          data-meaning={line.meaning}
          data-verdict-line={line.meaning}
          data-action={line.action}
          data-resource={line.resource}
          // biome-ignore lint/a11y/noNoninteractiveTabindex: the span in the text follows the keyboard too
          tabIndex={0}
          onMouseEnter={() => onHover?.(line.span)}
          onFocus={() => onHover?.(line.span)}
          onBlur={() => onHover?.(null)}
        >
          <OutcomeMark meaning={line.meaning} word={false} />
          <div>
            <div className={classes.what}>
              <span className={classes.action}>{line.action}</span> <code>{line.resource}</code>
            </div>
            <div className={classes.why}>
              {line.mask === null ? null : (
                <>
                  shown through <code>{line.mask}</code>
                  {" · "}
                </>
              )}
              {line.policy === null ? (line.message ?? WORD[line.meaning]) : <PolicyLink id={line.policy} />}
              {line.policyDescription === null || line.policyDescription === "" ? null : ` · ${line.policyDescription}`}
            </div>
            {line.hint === null ? null : <div className={classes.hint}>{line.hint}</div>}
          </div>
        </li>
      ))}
    </ol>
  );
}

/** Leads to the policy, for whom may read it; its name is shown to everyone. */
export function PolicyLink({ id }: { id: string }) {
  const { may } = usePerson();
  if (!may.readConfiguration) return <code>{id}</code>;
  return (
    <Link href={`/admin?kind=policy&id=${encodeURIComponent(id)}`} prefetch={false}>
      <code>{id}</code>
    </Link>
  );
}
