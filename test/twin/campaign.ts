import { type Piece, render, shrink } from "./piece.ts";
import { statement } from "./query.ts";
import { Random } from "./random.ts";
import type { Table } from "./scope.ts";
import type { Answer, Twins } from "./twins.ts";

/** Many statements, each from a seed of its own: a failure is run again by its seed alone. */

export interface CampaignOptions {
  readonly seed: number;
  readonly count: number;
  /** Every how many statements the column privileges are tried as well; zero: never. */
  readonly privilegesEvery: number;
  /** Failures that are made smaller and told; the rest is only counted. */
  readonly tell: number;
  readonly say?: (line: string) => void;
}

interface Failure {
  readonly seed: number;
  readonly what: string;
  readonly statement: string;
  readonly smallest: string;
}

export interface CampaignResult {
  readonly generated: number;
  /** Gave rows on both sides. */
  readonly ran: number;
  readonly equal: number;
  /** Failed on both sides with the same SQLSTATE; counted in `equal` too. */
  readonly errors: number;
  readonly errorsByCode: Readonly<Record<string, number>>;
  readonly differences: number;
  readonly refusals: Readonly<Record<string, number>>;
  readonly withRows: number;
  readonly privilegesTried: number;
  readonly privilegesMissing: number;
  readonly failures: readonly Failure[];
}

export function generate(seed: number, tables: readonly Table[]): Piece {
  const random = new Random(seed);
  const budget = { tables: random.between(1, 5), names: 0, rows: new Set<string>(), system: new Set<string>() };
  return statement({ random, tables, ctes: [], outer: [], depth: random.between(0, 3), budget });
}

/** Null: both answers are the same. */
function difference(guarded: Answer, raw: Answer): string | null {
  if (guarded.is === "refused") return raw.is === "error" ? null : `refused: ${guarded.message}`;
  if (guarded.is === "error" || raw.is === "error") {
    if (guarded.is === "error" && raw.is === "error" && guarded.code === raw.code) return null;
    const told = (answer: Answer) => (answer.is === "error" ? `${answer.code} ${answer.message}` : `${answer.is}`);
    return `errors differ: guarded ${told(guarded)}, twin ${told(raw)}`;
  }
  if (raw.is !== "rows") return "the twin refused";
  if (guarded.columns.join() !== raw.columns.join()) return `columns differ: ${guarded.columns.join()} ≠ ${raw.columns.join()}`;
  const a = guarded.rows.join("\n");
  const b = raw.rows.join("\n");
  return a === b ? null : `rows differ: ${a.slice(0, 300)} ≠ ${b.slice(0, 300)}`;
}

/** The kind of a failure, without what is particular to the statement. */
function kindOf(what: string): string {
  return what.replaceAll(/`[^`]*`|"[^"]*"/g, "…").slice(0, what.startsWith("refused") || what.startsWith("errors") ? 160 : 12);
}

export async function campaign(twins: Twins, options: CampaignOptions): Promise<CampaignResult> {
  const { seed, count, privilegesEvery, tell, say } = options;
  const totals = { ran: 0, equal: 0, errors: 0, differences: 0, withRows: 0, tried: 0, missing: 0 };
  const refusals: Record<string, number> = {};
  const codes: Record<string, number> = {};
  const failures: Failure[] = [];
  const told = new Map<string, number>();

  const fail = async (own: number, what: string, piece: Piece, again: (text: string) => Promise<string | null>) => {
    const kind = kindOf(what);
    const before = told.get(kind) ?? 0;
    told.set(kind, before + 1);
    if (failures.length >= tell || before >= 2) return;
    const smallest = await shrink(piece, async (text) => {
      const found = await again(text);
      return found !== null && kindOf(found) === kind;
    });
    const failure: Failure = { seed: own, what: (await again(smallest)) ?? what, statement: render(piece), smallest };
    failures.push(failure);
    say?.(`seed ${own}: ${failure.what}\n  ${smallest}`);
  };

  for (let index = 0; index < count; index += 1) {
    const own = seed * 1_000_003 + index;
    const piece = generate(own, twins.tables);
    const text = render(piece);
    const compare = async (candidate: string) => difference((await twins.guarded(candidate)).answer, await twins.raw(candidate));
    const raw = await twins.raw(text);
    const { answer, described } = await twins.guarded(text);
    const what = difference(answer, raw);
    if (what === null) totals.equal += 1;
    if (answer.is === "rows" && raw.is === "rows") {
      totals.ran += 1;
      if (raw.rows.length > 0) totals.withRows += 1;
    }
    if (raw.is === "error" && what === null) {
      totals.errors += 1;
      const code = `${raw.code} ${raw.message.replaceAll(/"[^"]*"|\d+/g, "…")}`.slice(0, 90);
      codes[code] = (codes[code] ?? 0) + 1;
    }
    if (what !== null) {
      const kind = kindOf(what);
      if (answer.is === "refused") refusals[kind] = (refusals[kind] ?? 0) + 1;
      else totals.differences += 1;
      await fail(own, what, piece, compare);
    }
    const tries = privilegesEvery > 0 && index % privilegesEvery === 0 && raw.is === "rows";
    if (tries && described !== null && !described.beyond) {
      totals.tried += 1;
      const missing = await twins.privileges(text, described);
      if (missing !== null) {
        totals.missing += 1;
        await fail(own, `column not described: ${missing}`, piece, async (candidate) => {
          const again = (await twins.guarded(candidate)).described;
          const found = again === null || again.beyond ? null : await twins.privileges(candidate, again);
          return found === null ? null : `column not described: ${found}`;
        });
      }
    }
    if (say !== undefined && index % 1_000 === 999) say(`${index + 1} of ${count}`);
  }
  return {
    generated: count,
    ran: totals.ran,
    equal: totals.equal,
    errors: totals.errors,
    errorsByCode: codes,
    differences: totals.differences,
    refusals,
    withRows: totals.withRows,
    privilegesTried: totals.tried,
    privilegesMissing: totals.missing,
    failures,
  };
}
