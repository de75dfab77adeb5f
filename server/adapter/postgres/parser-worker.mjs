// The parser's thread: nothing but PostgreSQL's grammar. Plain JavaScript, so that it runs beside TypeScript sources and
// beside a bundle alike. Any failure that is not a syntax error leaves the wasm instance in doubt: it says `broken`,
// and its owner throws it away.
import { parentPort } from "node:worker_threads";
import { loadModule, parseSync, scanSync } from "libpg-query";

await loadModule();
parentPort?.postMessage({ ready: true });

parentPort?.on("message", ({ id, text }) => {
  try {
    parentPort?.postMessage({ id, raw: read(text) });
  } catch (error) {
    parentPort?.postMessage({ id, broken: String(error) });
  }
});

function read(text) {
  let tree;
  try {
    tree = parseSync(text);
  } catch (error) {
    if (error?.name !== "SqlError") throw error;
    const details = error.sqlDetails;
    return { ok: false, message: details?.message ?? error.message, cursor: details?.cursorPosition ?? 0 };
  }
  const tokens = [];
  for (const token of scanSync(text).tokens) {
    if (token.tokenName === "SQL_COMMENT" || token.tokenName === "C_COMMENT") continue;
    tokens.push(token.start, token.end);
  }
  return { ok: true, tree, tokens };
}
