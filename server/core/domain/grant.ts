import type { Action, MicroAction, Resource } from "./micro-action.ts";

/** What can be asked for some time, from where it was denied or masked. Each is one action on one exact resource. */
export const ASKABLE = [
  "sql:unmask",
  "sql:select",
  "shell:exec",
  "shell:raw",
  "target:connect",
] as const satisfies readonly Action[];
export type AskableAction = (typeof ASKABLE)[number];

export interface Access {
  readonly action: AskableAction;
  readonly resource: Resource;
}

/** So many yeses were given for the requirement of this policy; empty: no policy asked, who may resolve reviews did. */
export interface AnsweredRequirement {
  readonly policy: string;
  readonly approvals: number;
}

/** What a timed grant lets its person do. A one-run grant is the approved review itself, see ./review.ts. */
export type Coverage =
  /** Statements of one shape. `statement`: the one that was reviewed. */
  | { readonly covers: "shape"; readonly kind: "sql" | "shell"; readonly shape: string; readonly statement: string }
  | { readonly covers: "access"; readonly access: readonly Access[] };

/** A yes for some time, by one person's name, on one target. Times are milliseconds since the epoch, from the store's clock. */
export interface TimedGrant {
  readonly id: string;
  readonly review: string;
  readonly principal: string;
  readonly target: string;
  readonly coverage: Coverage;
  readonly answered: readonly AnsweredRequirement[];
  readonly approvedBy: readonly string[];
  /** What runs by it waits so long in an open transaction; null: it does not, unless policy says so. */
  readonly holdMs: number | null;
  readonly from: number;
  readonly until: number;
  /** Ended before its time; null: by time alone. */
  readonly ended: { readonly at: number; readonly by: string } | null;
  readonly uses: number;
}

/** A grant of access as a decision takes it; `until` in the clock of the one who asks. */
export interface AccessGrant {
  readonly id: string;
  readonly access: readonly Access[];
  readonly answered: readonly AnsweredRequirement[];
  readonly until: number;
}

/** Whether access to `given` is access to what the micro-action names. A table's access is its columns'; a column's lets its table be named. */
export function accessCovers(given: Access, action: Pick<MicroAction, "action" | "resource">): boolean {
  if (given.action !== action.action) return false;
  const mine = given.resource;
  const asked = action.resource;
  switch (mine.kind) {
    case "target":
      return asked.kind === "target";
    case "program":
      return asked.kind === "program" && asked.program === mine.program;
    case "table":
      return (
        given.action === "sql:select" &&
        (asked.kind === "table" || asked.kind === "column") &&
        asked.schema === mine.schema &&
        asked.table === mine.table
      );
    case "column":
      if (asked.kind !== "table" && asked.kind !== "column") return false;
      if (asked.schema !== mine.schema || asked.table !== mine.table) return false;
      return asked.kind === "column" ? asked.column === mine.column : given.action === "sql:select";
    default:
      return false;
  }
}
