import { describe, expect, test } from "vitest";
import type { Row } from "../../server/contract/rows.ts";
import type { ServerMessage, WireDecision, WireReview } from "../../server/contract/socket.ts";
import { wireRows } from "../../test/fixtures/rows.ts";
import { reduce, type SocketEvent } from "./reducer.ts";
import { INITIAL, type OpenSession, ROWS_HELD, type SocketState } from "./state.ts";

const DECISION: WireDecision = { outcome: "allow", reasons: [], microActions: [], masked: [], policyVersion: 1 };
const review = (state: WireReview["state"]): WireReview => ({
  id: "v1",
  state,
  requester: "ada@acme.test",
  requesterGroups: [],
  target: "shop",
  environment: "prod",
  kind: "sql",
  statement: "delete from t",
  decision: DECISION,
  reason: "",
  openedAt: 0,
  expiresAt: 1,
  approvalsNeeded: 1,
  answers: [],
  comments: [],
  escalations: [],
  escalateTo: [],
  asks: null,
  shapeIsOpen: false,
  mostMinutes: 0,
  grant: null,
  mayAnswer: false,
  mayNotAnswerBecause: "your own",
  usedAt: null,
  session: "s",
  safeRun: "not-possible",
  effects: [],
  estimatedRows: null,
  runs: [],
  maySettle: false,
});
const received = (message: ServerMessage, at = 0): SocketEvent => ({ type: "received", message, at });
const where = { session: "s1", run: "r1", statement: 0 };
const rows = (
  values: readonly Row[],
  { channel = 1, run = "r1", statement = 0 }: { channel?: number; run?: string; statement?: number } = {},
): SocketEvent => ({ type: "rows", channel, frame: { run, statement, rows: wireRows(values) } });
const open: SocketEvent[] = [
  { type: "connected" },
  { type: "sent", message: { type: "session.open", request: "q1", target: "shop", kind: "sql" }, at: 0 },
  received({
    type: "session.opened",
    request: "q1",
    session: "s1",
    kind: "sql",
    channel: 1,
    target: "shop",
    environment: "prod",
    identity: "reader@shop",
    resumed: false,
  }),
];
const running: SocketEvent[] = [
  ...open,
  { type: "sent", message: { type: "sql.run", session: "s1", run: "r1", text: "select 1" }, at: 0 },
  received({ type: "sql.decided", ...where, span: [0, 8], decision: DECISION }),
];
const reached = (...events: SocketEvent[]): SocketState => events.reduce(reduce, INITIAL);
const session = (state: SocketState): OpenSession | undefined => {
  const found = state.sessions.q1;
  return found?.state === "open" ? found : undefined;
};
const ended = (how: "done" | "denied"): SocketEvent =>
  received({
    type: "sql.statement-ended",
    ...where,
    ended: how,
    command: "SELECT",
    rowCount: 1,
    limited: false,
    durationMs: 1,
    error: null,
  });

describe("sessions", () => {
  test.each<[string, SocketEvent[], string | undefined]>([
    ["asked for", open.slice(0, 2), "opening"],
    ["opened", open, "open"],
    ["refused", [...open.slice(0, 2), received({ type: "session.refused", request: "q1", message: "no" })], "refused"],
    [
      "closed by the gateway",
      [...open, received({ type: "session.closed", session: "s1", reason: "revoked", lost: false })],
      "closed",
    ],
    [
      "another one is closed",
      [...open, received({ type: "session.closed", session: "s2", reason: "revoked", lost: false })],
      "open",
    ],
    ["ended with the connection", [...open, { type: "lost", retryAt: 1, attempt: 1 }], "closed"],
    ["asked for while the connection is lost", [...open.slice(0, 2), { type: "lost", retryAt: 1, attempt: 1 }], "refused"],
    ["ended with the sign-in", [...open, { type: "signed-out" }], "closed"],
    ["its tab was closed", [...open, { type: "forgotten", request: "q1" }], undefined],
    ["opened after its tab was closed", [...open.slice(1, 2), { type: "forgotten", request: "q1" }, ...open.slice(2)], undefined],
  ])("%s", (_name, events, expected) => expect(reached(...events).sessions.q1?.state).toBe(expected));
});

describe("a run", () => {
  test("is running until it ends, and says the transaction then", () => {
    const state = reached(
      ...running,
      ended("done"),
      received({ type: "sql.run-ended", session: "s1", run: "r1", transaction: "open" }),
    );
    expect(session(state)?.run?.state).toBe("ended");
    expect(session(state)?.transaction).toBe("open");
  });

  test("counts the rows of all its statements", () => {
    const two = rows([["1"], [null]]);
    const state = reached(...running, two, two);
    expect(session(state)?.run?.rows).toBe(4);
    expect(session(state)?.run?.statements[0]?.rows.at(3)).toEqual([null]);
  });

  test("values that come as bytes are read as their columns say", () => {
    const columns = { type: "sql.columns", session: "s1", run: "r1", statement: 0 } as const;
    const state = reached(
      ...running,
      received({ ...columns, columns: [{ name: "id", type: "integer", masked: null, format: "int4" }] }),
      rows([["\0\0\u0001\u0001"], [null]]),
    );
    const shown = session(state)?.run?.statements[0]?.rows;
    expect([shown?.at(0), shown?.at(1)]).toEqual([["257"], [null]]);
  });

  test("an older state still sees its own rows", () => {
    const before = reached(...running, rows([["1"]]));
    reduce(before, rows([["2"]]));
    expect(session(before)?.run?.statements[0]?.rows.length).toBe(1);
    expect(session(before)?.run?.statements[0]?.rows.at(1)).toBeUndefined();
  });

  test.each<[string, SocketEvent]>([
    ["of another run", rows([["1"]], { run: "r0" })],
    ["of another session", rows([["1"]], { channel: 99 })],
  ])("rows %s change nothing", (_name, event) => {
    expect(session(reached(...running, event))?.run?.rows).toBe(0);
  });

  test("rows of a statement that was not decided are not shown", () => {
    const state = reached(...running, rows([["1"]], { statement: 7 }));
    expect(session(state)?.run?.statements).toHaveLength(1);
  });

  test("waits for a review, learns its answer, and keeps it when it is decided again", () => {
    const waiting = reached(...running, received({ type: "sql.waiting", ...where, review: review("open") }));
    expect(session(waiting)?.run?.statements[0]?.review?.state).toBe("open");
    const answered = reduce(waiting, received({ type: "review.changed", review: review("approved") }));
    expect(session(answered)?.run?.statements[0]?.review?.state).toBe("approved");
    const again = reduce(answered, received({ type: "sql.decided", ...where, span: [0, 8], decision: DECISION }));
    expect(session(again)?.run?.statements[0]?.review?.state).toBe("approved");
  });

  test("another run takes its place", () => {
    const state = reached(...running, { type: "sent", message: { type: "sql.run", session: "s1", run: "r2", text: "x" }, at: 5 });
    expect(session(state)?.run).toMatchObject({ run: "r2", statements: [], rows: 0 });
  });

  test("more rows are taken when they are wanted", () => {
    const state = reached(...running, { type: "more-rows-wanted", request: "q1" });
    expect(session(state)?.run?.rowsWanted).toBe(ROWS_HELD);
  });

  test("ends with the connection, and its rows stay", () => {
    const state = reached(...running, rows([["1"]]), {
      type: "lost",
      retryAt: 1,
      attempt: 1,
    });
    expect(state.sessions.q1).toMatchObject({ state: "closed", transaction: "idle", run: { state: "ended", rows: 1 } });
  });
});

describe("the rest", () => {
  test("a verdict tells the round trip", () => {
    const state = reached(
      ...open,
      { type: "sent", message: { type: "judge", session: "s1", request: "j1", text: "x" }, at: 100 },
      received({ type: "judged", session: "s1", request: "j1", decisions: [] }, 112),
    );
    expect(state.roundTripMs).toBe(12);
    expect(session(state)?.judged?.request).toBe("j1");
    expect(state.asked).toEqual({});
  });

  test("the same file is opened beside a terminal as often as it is asked for", () => {
    const edit = received({ type: "terminal.edit", session: "s1", path: "/etc/hosts" });
    expect(session(reached(...open))?.terminal.edit).toBeNull();
    expect(session(reached(...open, edit))?.terminal.edit).toEqual({ path: "/etc/hosts", number: 1 });
    expect(session(reached(...open, edit, edit))?.terminal.edit).toEqual({ path: "/etc/hosts", number: 2 });
  });

  test("a terminal's verdict goes when nothing is typed", () => {
    const typed = reached(
      ...open,
      received({ type: "terminal.verdict", session: "s1", text: "ls", decision: DECISION, instead: null }),
    );
    expect(session(typed)?.terminal.verdict?.text).toBe("ls");
    const empty = reduce(typed, received({ type: "terminal.verdict", session: "s1", text: "", decision: null, instead: null }));
    expect(session(empty)?.terminal.verdict).toBeNull();
  });

  test("reviews are listed, then changed one by one", () => {
    const state = reached(
      received({ type: "reviews", reviews: [review("open")] }),
      received({ type: "review.changed", review: review("expired") }),
    );
    expect(state.reviews).toMatchObject({ state: "known", items: { v1: { state: "expired" } } });
  });

  test("complaints are numbered, so that each is told once", () => {
    const error = received({ type: "error", code: "busy", message: "a run is going on" });
    expect(reached(error, error).complaints.map(({ number }) => number)).toEqual([1, 2]);
  });

  test("the policies' version follows the gateway", () => {
    expect(reached(received({ type: "configuration.changed", policyVersion: 9 })).policyVersion).toBe(9);
  });
});

test("a session that is watched says so; what is watched is kept by its session, and ends with the link", () => {
  const watchers = [{ id: "bo@acme.test", name: "Bo", since: 1 }];
  const told = reached(...open, received({ type: "session.watched", session: "s1", watchers, paused: true, comments: [] }));
  expect(session(told)?.watched).toEqual({ watchers, paused: true, comments: [] });
  const watching = reached(
    { type: "sent", message: { type: "watch.start", session: "other" }, at: 0 },
    received({ type: "watch.frames", session: "other", frames: [{ type: "size", columns: 80, rows: 24 }] }),
    received({ type: "watch.frames", session: "unknown", frames: [{ type: "size", columns: 1, rows: 1 }] }),
  );
  expect(watching.watches).toMatchObject({ other: { state: "opening", size: { columns: 80 } } });
  expect(Object.keys(watching.watches)).toEqual(["other"]);
  expect(reduce(watching, { type: "lost", retryAt: 1, attempt: 1 }).watches.other?.state).toBe("ended");
});
