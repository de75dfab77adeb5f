import type { Exec } from "./command.ts";
import { interactive } from "./program.ts";
import { type State, taint } from "./state.ts";
import type { Argument } from "./word.ts";

export function isName(word: Argument): word is Argument & { known: "text" } {
  return word.known === "text" && /^[A-Za-z_]\w*$/.test(word.text);
}

/** `pgrep NAME | while read -r pid`. */
function readsNumbers({ walk, words, input, state }: Exec): boolean {
  return (
    input === "pipe" &&
    state.plainSplitting &&
    walk.piped?.every((word) => word.source !== "find") === true &&
    words.every((word, i) => isName(word) || (i === 0 && word.known === "text" && word.text === "-r"))
  );
}

/** `read`, `mapfile`, `getopts`: variables get values that are not known. */
export const fills =
  (valued: RegExp): ((exec: Exec) => State) =>
  (exec) => {
    let state = exec.state;
    let filled = 0;
    const numbers = exec.name === "read" && readsNumbers(exec);
    for (let i = 0; i < exec.words.length; i++) {
      const word = exec.words[i] as Argument;
      if (word.known === "text" && word.text.startsWith("-")) {
        if (/[Ce]/.test(word.text) && exec.name !== "read") exec.walk.opaque(`\`${exec.name} ${word.text}\``, word.span);
        if (valued.test(word.text)) i++;
        if (/a$/.test(word.text) && exec.name === "read") filled--;
        continue;
      }
      if (!isName(word)) {
        exec.walk.opaque(`\`${exec.name} ${word.source}\``, word.span);
        state = taint(state);
        continue;
      }
      filled++;
      state = exec.walk.set(state, word.text, numbers ? "digits" : null, word.span);
    }
    for (const name of exec.name === "read" ? ["REPLY"] : exec.name === "getopts" ? ["OPTARG"] : ["MAPFILE"])
      state = { ...state, variables: new Map([...state.variables, [name, null]]) };
    if (exec.name === "read" && exec.input === null) interactive(exec);
    return filled < 0 ? taint(state) : state;
  };
