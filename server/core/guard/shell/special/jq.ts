import { CATALOGUE } from "../catalogue.generated.ts";
import type { Exec } from "../command.ts";
import { describeEntry } from "../program.ts";
import type { Argument } from "../word.ts";

/** `jq`: an option of two values before the filter must not make another word look like the filter. */
export function jq(exec: Exec): void {
  const words: Argument[] = [];
  for (let i = 0; i < exec.words.length; i++) {
    const word = exec.words[i] as Argument;
    const bound = word.known === "text" && (word.text === "--arg" || word.text === "--argjson");
    if (bound && isOne(exec.words[i + 1]) && isOne(exec.words[i + 2])) i += 2;
    else if (bound) {
      exec.walk.opaque(`words after \`${word.source}\` of \`jq\``, word.span);
      words.push(word);
    } else words.push(word);
  }
  describeEntry({ ...exec, words }, CATALOGUE.jq ?? {});
}

function isOne(word: Argument | undefined): boolean {
  return word !== undefined && (word.known === "text" || (word.known === "no" && !word.splits));
}
