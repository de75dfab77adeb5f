"use client";

import Link from "next/link";
import type { WireDecision } from "../../server/contract/socket.ts";
import { usePerson } from "../frame/person.tsx";
import { grouped } from "./groups.ts";
import { verdictLines } from "./lines.ts";
import { OutcomeMark } from "./outcome-mark.tsx";
import { Prose } from "./prose.tsx";
import classes from "./verdict.module.css";

type Span = readonly [from: number, to: number];

/** What a statement would do, line by line, each with what decided it. Hovering a line tells where it comes from. */
export function VerdictList({ decision, onHover }: { decision: WireDecision; onHover?: (span: Span | null) => void }) {
  return (
    <ol className={classes.lines} aria-label="what it does" onMouseLeave={() => onHover?.(null)}>
      {grouped(verdictLines(decision)).map(({ key, line, columns }) => (
        <li
          key={key}
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
            {columns.length === 0 ? null : (
              <div className={classes.columns}>
                {columns.map(({ name, mask }) => (
                  <span key={name} data-column={`${line.resource}.${name}`} data-mask={mask ?? undefined}>
                    <code>{name}</code>
                    {mask === null ? null : <i>◐ {mask}</i>}
                  </span>
                ))}
              </div>
            )}
            <div className={classes.why}>
              {columns.length === 0 && line.mask !== null ? (
                <>
                  shown through <code>{line.mask}</code>
                  {" · "}
                </>
              ) : null}
              {line.policy === null ? <Prose text={line.message ?? UNSAID[line.meaning]} /> : <PolicyLink id={line.policy} />}
              {line.policyDescription === null || line.policyDescription === "" ? null : ` · ${line.policyDescription}`}
            </div>
            {line.hint === null ? null : (
              <div className={classes.hint}>
                <Prose text={line.hint} />
              </div>
            )}
          </div>
        </li>
      ))}
    </ol>
  );
}

/** Nothing was said about this part: it goes as the whole goes. */
const UNSAID = {
  allow: "allowed with the rest",
  masked: "masked",
  review: "waits with the rest",
  deny: "denied with the rest",
} as const;

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
