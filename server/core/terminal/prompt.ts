import { textWidth } from "./width.ts";

export interface PromptParts {
  readonly user: string;
  readonly target: string;
  readonly environment: string;
  readonly cwd: string;
  readonly home: string;
  /** Of the last command; null: none has run. */
  readonly exitCode: number | null;
}

const ENVIRONMENT_COLOUR: Readonly<Record<string, string>> = {
  prod: "\x1b[1;97;41m",
  production: "\x1b[1;97;41m",
  staging: "\x1b[1;30;43m",
  dev: "\x1b[1;30;42m",
};

/** `prod deploy@web-1:~/logs ✕1 $ `, with the environment in its colour. Width: cells of the visible text. */
export function promptOf(parts: PromptParts): { readonly text: string; readonly width: number } {
  const cwd =
    parts.cwd === parts.home
      ? "~"
      : parts.cwd.startsWith(`${parts.home}/`)
        ? `~${parts.cwd.slice(parts.home.length)}`
        : parts.cwd;
  const visible = printable(cwd);
  const code = parts.exitCode === null || parts.exitCode === 0 ? "" : ` ✕${parts.exitCode}`;
  const colour = ENVIRONMENT_COLOUR[parts.environment] ?? "\x1b[1;97;44m";
  const who = `${parts.user}@${parts.target}`;
  return {
    text: `${colour} ${parts.environment} \x1b[0m \x1b[36m${who}\x1b[0m:\x1b[34m${visible}\x1b[0m\x1b[31m${code}\x1b[0m $ `,
    width: textWidth(` ${parts.environment}  ${who}:${visible}${code} $ `),
  };
}

/** A folder's name may hold anything; what is not plain text is shown escaped. */
export function printable(text: string): string {
  return text.replace(/[\p{Cc}\p{Cf}\p{Co}\p{Cn}\u2028\u2029]/gu, (c) => `\\u{${c.codePointAt(0)?.toString(16)}}`);
}
