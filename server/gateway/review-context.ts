import type { ReviewContext } from "../contract/http.ts";
import type { Review } from "../core/domain/review.ts";
import type { Context } from "./ports-of-gateway.ts";

const STATEMENTS = 8;
/** Of the person's last decisions, how many are looked at for those of the session. */
const LOOKED_AT = 100;

/** What was done in the session before, or under broken glass; and what earlier reviews of the same shape came to. */
export async function reviewContext(
  context: Context,
  review: Review,
  maySee: (review: Review) => boolean,
): Promise<ReviewContext> {
  const [statements, alike] = await Promise.all([
    review.kind === "glass" ? underGlass(context, review) : before(context, review),
    review.shape === "" ? [] : context.reviews.alike(review),
  ]);
  return {
    statements,
    alike: alike.filter(maySee).map(({ id, requester, openedAt, state, answers }) => ({
      id,
      requester,
      openedAt,
      state: state.state,
      by: answers.map((answer) => answer.by),
    })),
  };
}

type Statements = ReviewContext["statements"];

async function before(context: Context, review: Review): Promise<Statements> {
  if (review.session === "") return [];
  const page = await decided(context, review, { until: Math.ceil(review.openedAt) });
  const own = page.items.flatMap((item) => (eventOf(item).session === review.session ? [lineOf(item)] : []));
  return withoutItself(own, review).slice(0, STATEMENTS);
}

/** The record says of each decision which broken glass it stood on. */
async function underGlass(context: Context, review: Review): Promise<Statements> {
  const found: Statements[number][] = [];
  let next: string | undefined;
  for (let page = 0; page < MOST_PAGES; page++) {
    // Its time is the store's, those of the record are its replica's.
    const read = await decided(context, review, { from: Math.floor(review.openedAt) - CLOCKS_DIFFER_MS, before: next });
    found.push(...read.items.flatMap((item) => (eventOf(item).body.glass?.includes(review.id) ? [lineOf(item)] : [])));
    if (read.next === null) break;
    next = read.next;
  }
  return found;
}

const MOST_PAGES = 20;
const CLOCKS_DIFFER_MS = 10 * 60_000;

function decided(context: Context, review: Review, range: Partial<Parameters<Context["record"]["page"]>[0]>) {
  return context.record.page({ principal: review.requester, type: "statement.decided", limit: LOOKED_AT, ...range });
}

type Item = Awaited<ReturnType<Context["record"]["page"]>>["items"][number];

function eventOf({ entry }: Item): {
  readonly at: number;
  readonly session: string;
  readonly body: { readonly glass?: readonly string[] };
} {
  return JSON.parse(entry.payload);
}

function lineOf(item: Item): Statements[number] {
  return { at: eventOf(item).at, statement: item.statement ?? "", outcome: item.outcome ?? "" };
}

/** The newest decision is the one that opened the review. */
function withoutItself(statements: Statements, review: Review): Statements {
  return statements[0]?.statement === review.statement && statements[0].outcome === "review" ? statements.slice(1) : statements;
}
