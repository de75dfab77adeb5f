import type { MicroAction } from "../../domain/micro-action.ts";
import type { Span } from "../../domain/span.ts";
import { absolute, isSink, namesOf } from "./path.ts";
import { placeOf, placesBehind } from "./place.ts";
import type { State } from "./state.ts";
import type { Walk } from "./walk.ts";
import type { Argument } from "./word.ts";

/** A glob is compared with each glob of the policies. */
const STEPS_A_GLOB = 10;
const LONGEST_GLOB = 400;

/** Mark of a path that is reached by descending into a tree; a condition sees it as `"recursive" in command.flags`. */
const IN_TREE = { command: { program: "", subcommand: "", flags: ["recursive"], arguments: [], unknown: false } } as const;

/**
 * Reading, writing or deleting what an argument names. `tree`: and everything below it.
 * What cannot be named is opaque, never left out.
 */
export function touchPath(
  walk: Walk,
  action: "file:read" | "file:write" | "file:delete",
  argument: Argument,
  state: State,
  tree = false,
): void {
  if (argument.known === "pipe") return;
  if (argument.known === "no") {
    walk.opaque(`path \`${argument.source}\``, argument.span);
    return;
  }
  const text = argument.known === "text" ? argument.text : argument.pattern;
  const pattern = argument.known === "pattern";
  if (text === "" || (text === "-" && action !== "file:delete")) return;
  if (text.includes("\0")) {
    walk.opaque(`path \`${argument.source}\``, argument.span);
    return;
  }
  const cwds = text.startsWith("/") ? ["/"] : state.cwds;
  if (cwds === null) {
    walk.opaque(`path \`${argument.source}\` in a directory that is known only when it runs`, argument.span);
    return;
  }
  for (const cwd of cwds) {
    const path = absolute(text, cwd);
    if (path === null) {
      walk.opaque(`path \`${argument.source}\` with \`..\` after what may be a link`, argument.span);
      continue;
    }
    if (!pattern && isSink(path) && action !== "file:delete") continue;
    const matches = pattern && argument.expands === true && argument.tree !== true ? walk.where.matches?.get(path) : undefined;
    if (matches !== undefined) {
      // Where nothing matches, the word stays as it is.
      for (const match of [...matches, path]) {
        for (const name of namesOf(match)) emitPath(walk, action, name, null, tree, argument.span);
        const place = walk.where.physical?.get(match);
        if (place !== undefined && place !== match) emitPath(walk, action, place, null, tree, argument.span);
      }
      continue;
    }
    const glob = !pattern ? null : argument.hidden === true ? "any" : "visible";
    if (pattern && (path.length > LONGEST_GLOB || !walk.spend(STEPS_A_GLOB))) {
      walk.opaque(`path \`${argument.source.slice(0, 60)}\`: too many globs, or too long a one`, argument.span);
      continue;
    }
    for (const name of namesOf(path))
      emitPath(walk, action, name, glob, tree || (pattern && argument.tree === true), argument.span);
    if (pattern)
      for (const place of placesBehind(path, walk.where.physical)) emitPath(walk, action, place, null, tree, argument.span);
    const physical = placeOf(path, pattern, walk.where.physical);
    if (physical !== path) emitPath(walk, action, physical, glob, tree || (pattern && argument.tree === true), argument.span);
  }
}

/** What is in a folder that an argument names, where the host was asked which of them are folders. */
export function touchFolder(walk: Walk, argument: Argument, state: State): void {
  if (argument.known !== "text" && argument.known !== "pattern") return;
  const text = argument.known === "text" ? argument.text : argument.pattern;
  for (const cwd of text.startsWith("/") ? ["/"] : (state.cwds ?? [])) {
    const path = absolute(text, cwd);
    if (path === null) continue;
    const place = walk.where.physical?.get(path) ?? path;
    const isOne = walk.where.folders?.has(path) === true || walk.where.folders?.has(place) === true;
    if (argument.known === "text" && !isOne) continue;
    for (const name of new Set([path, place]))
      emitPath(walk, "file:read", `${name === "/" ? "" : name}/*`, "any", false, argument.span);
  }
}

function emitPath(
  walk: Walk,
  action: MicroAction["action"],
  path: string,
  glob: "any" | "visible" | null,
  tree: boolean,
  span: Span,
): void {
  const visible = glob === "visible" ? { visible: true } : {};
  const resource = { kind: "path", path, ...(glob === null ? {} : { pattern: true }), ...visible } as const;
  if (tree) {
    walk.emit({
      action,
      resource: { kind: "path", path: path === "/" ? "/**" : `${path.replace(/\/\*\*$/, "")}/**`, pattern: true, ...visible },
      span,
      context: IN_TREE,
    });
    walk.emit({ action, resource, span, context: IN_TREE });
    return;
  }
  walk.emit({ action, resource, span });
}
