import type { Redirection } from "unbash";
import type { Input } from "./command.ts";
import { walkPart } from "./expansion.ts";
import type { State } from "./state.ts";
import type { Walk } from "./walk.ts";
import { type Argument, valuesIn } from "./word.ts";

/** Opens happen before the command runs. `input`: what its standard input then is. */
export function walkRedirections(
  walk: Walk,
  redirections: readonly Redirection[],
  before: State,
): { state: State; input: Input } {
  let state = before;
  let input: Input = null;
  for (const redirection of redirections) {
    walk.meet(redirection);
    const span = walk.span(redirection.pos, redirection.end);
    const descriptor = redirection.descriptor;
    if (descriptor !== undefined) walk.meet(descriptor);
    if (descriptor?.type === "FileDescriptorVariable") state = walk.set(state, descriptor.name, "integer", span);
    const standard = descriptor === undefined || (descriptor.type === "FileDescriptor" && descriptor.value === 0);
    switch (redirection.type) {
      case "HereDoc": {
        walk.meet(redirection.body);
        const parts = redirection.body.parts ?? [];
        for (const part of parts) walkPart(walk, part, state);
        if (redirection.delimiter !== undefined) walk.meet(redirection.delimiter);
        const plain = redirection.delimiter?.quoted === true || parts.every((part) => part.type === "Literal");
        if (standard) input = plain && redirection.operator === "<<" ? { text: redirection.body.text, span } : "unknown";
        break;
      }
      case "HereString": {
        if (redirection.target === undefined) {
          walk.opaque("a here-string without text", span);
          break;
        }
        const value = valuesIn(walk.words(redirection.target, state, "assignment"));
        const piece = Array.isArray(value) && value.length === 1 ? value[0] : undefined;
        if (standard) input = piece !== undefined && !piece.pattern ? { text: piece.text, span } : "unknown";
        break;
      }
      case "Redirect": {
        const target = redirection.target;
        if (target === undefined) {
          walk.opaque(`\`${redirection.operator}\` without a target`, span);
          break;
        }
        const reads = redirection.operator === "<" || redirection.operator === "<&";
        if (reads && standard) input = "unknown";
        const choices = walk.words(target, state);
        const [[only] = []] = choices;
        if (
          standard &&
          redirection.operator === "<" &&
          choices.length === 1 &&
          only?.known === "text" &&
          only.text === "/dev/null"
        )
          input = { text: "", span };
        for (const fields of choices) {
          for (const argument of fields) redirect(walk, redirection.operator, argument, state, standard);
        }
        break;
      }
      default:
        walk.opaque("a redirection for which there is no rule", span);
    }
  }
  return { state, input };
}

function redirect(walk: Walk, operator: string, argument: Argument, state: State, standard: boolean): void {
  if (argument.known === "text") {
    if (/^[<>]&$/.test(operator) && /^([0-9]+-?|-)$/.test(argument.text)) {
      if (operator === ">&" && !/^[12-]-?$/.test(argument.text)) walk.mayWriteTo("descriptor", argument.span);
      return;
    }
    const net = /^\/dev\/(tcp|udp)\/([^/]*)\/(.*)$/.exec(argument.text.replace(/\/+/g, "/"));
    if (net !== null) {
      walk.emit({ action: "network:connect", resource: { kind: "host", host: net[2] ?? "" }, span: argument.span });
      // What is opened for reading can be written to all the same.
      if (standard && (operator === "<" || operator === "<&")) walk.mayWriteTo("connection", argument.span);
      else walk.file("file:write", argument, state);
      return;
    }
  }
  if (/^[<>]&$/.test(operator) && argument.known === "pattern" && argument.pattern === "*") {
    walk.mayWriteTo("descriptor", argument.span);
    return;
  }
  if (argument.known === "no" && /^\/dev\//.test(argument.prefix)) {
    walk.opaque(`path \`${argument.source}\``, argument.span);
    return;
  }
  if (operator === "<" || operator === "<&") {
    walk.file("file:read", argument, state);
    return;
  }
  if (operator === "<>") walk.file("file:read", argument, state);
  walk.file("file:write", argument, state);
}
