import { WebSocket } from "ws";
import { readRowFrame } from "../contract/rows.ts";
import type { ClientMessage, ServerMessage } from "../contract/socket.ts";

/**
 * A WebSocket client in a process of its own, as a browser is: opens an SQL session, runs one statement, takes every row
 * that comes and looks where each starts, and prints what it saw as JSON. Arguments: address, origin, target, statement.
 */
const [address = "", origin = "", target = "", statement = ""] = process.argv.slice(2);
const ACKNOWLEDGE_ROWS = 1_000;
const UTF_8 = new TextDecoder();
const socket = new WebSocket(address, { headers: { origin }, perMessageDeflate: false, maxPayload: 0 });
const say = (message: ClientMessage): void => socket.send(JSON.stringify(message));
let session = "";
let began = 0;
let first = 0;
let rows = 0;
let bytes = 0;
let told = 0;
let ended: unknown = null;

function take(message: ServerMessage): void {
  if (message.type === "session.opened") {
    session = message.session;
    began = performance.now();
    say({ type: "sql.run", session, run: "r1", text: statement });
  } else if (message.type === "sql.statement-ended") ended = message;
  else if (message.type === "sql.run-ended") {
    const seconds = (performance.now() - began) / 1_000;
    process.stdout.write(JSON.stringify({ rows, bytes, seconds, firstRowMs: first - began, ended }));
    socket.close();
  } else if (message.type === "session.refused" || message.type === "error") throw new Error(message.message);
}

socket.on("open", () => say({ type: "session.open", request: "q1", target, kind: "sql" }));
socket.on("message", (data: Buffer, isBinary) => {
  if (!isBinary) return take(JSON.parse(data.toString("utf8")));
  const frame = readRowFrame(data, (name) => UTF_8.decode(name));
  if (frame === null) throw new Error("rows that are not whole");
  if (rows === 0) first = performance.now();
  rows += frame.rows.starts.length - 1;
  bytes += data.length;
  if (rows - told < ACKNOWLEDGE_ROWS) return;
  told = rows;
  say({ type: "sql.ack", session, run: "r1", rows });
});
socket.on("error", (error) => {
  throw error;
});
