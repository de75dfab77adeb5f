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
    tree = withoutComments(text);
    const details = error.sqlDetails;
    if (tree === null) return { ok: false, message: details?.message ?? error.message, cursor: details?.cursorPosition ?? 0 };
  }
  const tokens = [];
  for (const token of scanSync(text).tokens) {
    if (token.tokenName === "SQL_COMMENT" || token.tokenName === "C_COMMENT") continue;
    tokens.push(token.start, token.end);
  }
  return { ok: true, tree, tokens };
}

/**
 * After NOT, NULLS and WITH the parser looks one token ahead, and there takes a comment for one: `NULLS -- x ⏎ FIRST`
 * would be an error. To the server a comment is white space, one from `--` with its line's end. Null: still an error.
 */
function withoutComments(text) {
  const bytes = Buffer.from(text);
  try {
    const comments = scanSync(text).tokens.filter((token) => token.tokenName.endsWith("_COMMENT"));
    if (comments.length === 0) return null;
    for (const { start, end } of comments) bytes.fill(" ", start, end);
    return parseSync(bytes.toString());
  } catch (error) {
    if (error?.name !== "SqlError" && !(error instanceof SyntaxError)) throw error;
    return null;
  }
}
