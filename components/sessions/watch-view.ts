import type { SessionItem, WatchFrame } from "../../server/contract/watch.ts";

/** What a watched session has shown so far. */
export interface WatchView {
  readonly state: "opening" | "open" | "ended";
  /** Why it ended; empty: it has not. */
  readonly reason: string;
  readonly item: SessionItem | null;
  readonly statements: readonly WatchedStatement[];
  /** Terminal bytes in base64, in order; `dropped` came before the first. */
  readonly output: { readonly dropped: number; readonly chunks: readonly string[] };
  readonly size: { readonly columns: number; readonly rows: number } | null;
  readonly comments: readonly { readonly by: string; readonly text: string; readonly at: number }[];
}

type Frame<Type extends WatchFrame["type"]> = Extract<WatchFrame, { type: Type }>;

export interface WatchedStatement {
  readonly decided: Frame<"decided">;
  readonly columns: Frame<"columns">["columns"] | null;
  readonly rows: Frame<"rows">["rows"];
  /** Why rows are missing; empty: none are. */
  readonly omitted: string;
  readonly ended: Frame<"ended"> | null;
}

export const NOTHING_SHOWN: WatchView = {
  state: "opening",
  reason: "",
  item: null,
  statements: [],
  output: { dropped: 0, chunks: [] },
  size: null,
  comments: [],
};

const MOST_STATEMENTS = 200;
const MOST_CHUNKS = 2_000;

/** Pure. Frames about a statement that is not known change nothing. */
export function shown(view: WatchView, frame: WatchFrame): WatchView {
  switch (frame.type) {
    case "output": {
      const chunks = [...view.output.chunks, frame.bytes];
      const over = Math.max(0, chunks.length - MOST_CHUNKS);
      return { ...view, output: { dropped: view.output.dropped + over, chunks: chunks.slice(over) } };
    }
    case "size":
      return { ...view, size: { columns: frame.columns, rows: frame.rows } };
    case "decided": {
      const others = view.statements.filter(({ decided }) => decided.statement !== frame.statement);
      const fresh: WatchedStatement = { decided: frame, columns: null, rows: [], omitted: "", ended: null };
      return { ...view, statements: [...others, fresh].slice(-MOST_STATEMENTS) };
    }
    case "columns":
      return inStatement(view, frame, (statement) => ({ ...statement, columns: frame.columns }));
    case "rows":
      return inStatement(view, frame, (statement) => ({ ...statement, rows: [...statement.rows, ...frame.rows] }));
    case "omitted":
      return inStatement(view, frame, (statement) => ({ ...statement, omitted: frame.because }));
    case "ended":
      return inStatement(view, frame, (statement) => ({ ...statement, ended: frame }));
    case "comment":
      return { ...view, comments: [...view.comments, { by: frame.by, text: frame.text, at: frame.at }] };
  }
}

function inStatement(
  view: WatchView,
  { statement }: { readonly statement: number },
  change: (statement: WatchedStatement) => WatchedStatement,
): WatchView {
  return {
    ...view,
    statements: view.statements.map((each) => (each.decided.statement === statement ? change(each) : each)),
  };
}
