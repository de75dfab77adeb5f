// The parser's thread: nothing but PostgreSQL's grammar. Plain JavaScript, so that it runs beside TypeScript sources and
// beside a bundle alike. Any failure that is not a syntax error leaves the wasm instance in doubt: it says `broken`,
// and its owner throws it away.
//
// The package's own functions make an object of each answer, which then would be copied from thread to thread, at twice
// the cost of parsing. Here the tree goes over as the text that the grammar's library writes.
import { parentPort, workerData } from "node:worker_threads";
import PgQueryModule from "libpg-query/wasm/libpg-query.js";
import { withoutConstants } from "./constants.mjs";

/** Characters of a tree from which on it is worth reading it twice. */
const LONG_TREE = 300_000;

// Compiled once for all threads: a new one is ready in some milliseconds, and takes no time from the others.
const grammar = await PgQueryModule({
  instantiateWasm: (imports, instantiated) => {
    const instance = new WebAssembly.Instance(workerData.grammar, imports);
    instantiated(instance, workerData.grammar);
    return instance.exports;
  },
});
parentPort?.postMessage({ ready: true });

parentPort?.on("message", ({ id, text, withTokens }) => {
  try {
    let raw = read(text, withTokens);
    const isTooDeep = raw.ok && isDeep(raw.tree);
    if (raw.ok && raw.tree.length > LONG_TREE && !isTooDeep) raw = shorter(raw, text, withTokens);
    if (raw.ok && raw.tree.length > workerData.largestTree) parentPort?.postMessage({ id, why: "large" });
    else if (isTooDeep) parentPort?.postMessage({ id, why: "deep" });
    else parentPort?.postMessage({ id, raw });
  } catch (error) {
    parentPort?.postMessage({ id, broken: String(error) });
  }
});

function read(text, withTokens) {
  let parsed = parse(text);
  let tokens = null;
  if (!parsed.ok) {
    // A lexical error stays one.
    tokens = scan(text);
    const comments = tokens?.filter(isComment) ?? [];
    const again = comments.length === 0 ? null : parse(withoutComments(text, comments));
    if (!again?.ok) return parsed;
    parsed = again;
  }
  if (!withTokens) return { ...parsed, tokens: [], omitted: [] };
  tokens ??= scan(text);
  if (tokens === null) throw new Error("a text that was parsed cannot be scanned");
  return { ...parsed, tokens: tokens.flatMap((token) => (isComment(token) ? [] : [token.start, token.end])), omitted: [] };
}

function shorter(raw, text, withTokens) {
  const tree = JSON.parse(raw.tree);
  const { tokens, omitted } = withoutConstants(tree, withTokens ? raw.tokens : null, text);
  return { ok: true, tree: JSON.stringify(tree), tokens, omitted };
}

/** Whether so many objects stand in each other that a walk through them ends at the end of the stack, after some time. */
function isDeep(tree) {
  const { deepestTree } = workerData;
  if (tree.length < deepestTree * 8) return false;
  let depth = 0;
  for (let at = 0; at < tree.length; at += 1) {
    switch (tree.charCodeAt(at)) {
      case 0x7b:
        depth += 1;
        if (depth > deepestTree) return true;
        break;
      case 0x7d:
        depth -= 1;
        break;
      case 0x22:
        at = endOfString(tree, at);
        break;
    }
  }
  return false;
}

/** From one double quote to its partner. */
function endOfString(tree, from) {
  let at = from + 1;
  while (at < tree.length && tree.charCodeAt(at) !== 0x22) at += tree.charCodeAt(at) === 0x5c ? 2 : 1;
  return at;
}

function isComment(token) {
  return token.tokenName === "SQL_COMMENT" || token.tokenName === "C_COMMENT";
}

/**
 * After NOT, NULLS and WITH the parser looks one token ahead, and there takes a comment for one: `NULLS -- x ⏎ FIRST`
 * would be an error. To the server a comment is white space, one from `--` with its line's end.
 */
function withoutComments(text, comments) {
  const bytes = Buffer.from(text);
  for (const { start, end } of comments) bytes.fill(" ", start, end);
  return bytes.toString();
}

/** `PgQueryParseResult`: tree, standard error, error. `PgQueryError`: message, function, file, line, cursor (from 1; 0: none). */
function parse(text) {
  return withText(text, (pointer) => {
    const result = grammar._wasm_parse_query_raw(pointer);
    if (result === 0) throw new Error("no memory");
    try {
      const error = grammar.getValue(result + 8, "i32");
      if (error === 0) return { ok: true, tree: grammar.UTF8ToString(grammar.getValue(result, "i32")) };
      const message = grammar.UTF8ToString(grammar.getValue(error, "i32"));
      return { ok: false, message, cursor: Math.max(0, grammar.getValue(error + 16, "i32") - 1) };
    } finally {
      grammar._wasm_free_parse_result(result);
    }
  });
}

/** Null: not made of tokens. */
function scan(text) {
  return withText(text, (pointer) => {
    const result = grammar._wasm_scan(pointer);
    try {
      const answer = grammar.UTF8ToString(result);
      return answer.startsWith("{") ? JSON.parse(answer).tokens : null;
    } finally {
      grammar._wasm_free_string(result);
    }
  });
}

function withText(text, use) {
  const size = grammar.lengthBytesUTF8(text) + 1;
  const pointer = grammar._malloc(size);
  if (pointer === 0) throw new Error("no memory");
  grammar.stringToUTF8(text, pointer, size);
  try {
    return use(pointer);
  } finally {
    grammar._free(pointer);
  }
}
