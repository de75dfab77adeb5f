import "monaco-editor/features/bracketMatching/register";
import "monaco-editor/features/caretOperations/register";
import "monaco-editor/features/clipboard/register";
import "monaco-editor/features/codicon/register";
import "monaco-editor/features/comment/register";
import "monaco-editor/features/cursorUndo/register";
import "monaco-editor/features/find/register";
import "monaco-editor/features/gotoError/register";
import "monaco-editor/features/hover/register";
import "monaco-editor/features/indentation/register";
import "monaco-editor/features/linesOperations/register";
import "monaco-editor/features/multicursor/register";
import "monaco-editor/features/placeholderText/register";
import "monaco-editor/features/smartSelect/register";
import "monaco-editor/features/suggest/register";
// Without it there is no list of completions: the feature above registers only its commands.
import "monaco-editor/editor/contrib/suggest/browser/suggestController";
import "monaco-editor/features/toggleTabFocusMode/register";
import "monaco-editor/features/unicodeHighlighter/register";
import "monaco-editor/features/wordOperations/register";
import "monaco-editor/languages/definitions/ini/register";
import "monaco-editor/languages/definitions/pgsql/register";
import "monaco-editor/languages/definitions/shell/register";
import "monaco-editor/languages/definitions/yaml/register";
import { loader } from "@monaco-editor/react";
import * as monaco from "monaco-editor/editor";
import type { TreeTable } from "../../server/contract/http.ts";

/** Served from our own origin: the content security policy lets nothing else through. */
self.MonacoEnvironment = {
  getWorker: () => new Worker(new URL("monaco-editor/editor/editor.worker.js", import.meta.url), { type: "module" }),
};

// Without it the wrapper would load an editor of its own from elsewhere.
loader.config({ monaco });

/** The editor's colours are the tokens; called again when the scheme changes. */
export function paint(dark: boolean): void {
  const style = getComputedStyle(document.documentElement);
  const token = (name: string) => sixDigits(style.getPropertyValue(`--${name}`).trim());
  const bare = (name: string) => token(name).replace("#", "");
  monaco.editor.defineTheme("gatehouse", {
    base: dark ? "vs-dark" : "vs",
    inherit: true,
    rules: [
      { token: "keyword", foreground: bare("code-keyword"), fontStyle: "bold" },
      { token: "operator", foreground: bare("text") },
      { token: "predefined", foreground: bare("code-keyword") },
      { token: "string", foreground: bare("code-string") },
      // The base theme has rules of its own for these two languages.
      { token: "string.sql", foreground: bare("code-string") },
      { token: "string.yaml", foreground: bare("code-string") },
      { token: "number.yaml", foreground: bare("code-number") },
      { token: "number", foreground: bare("code-number") },
      { token: "comment", foreground: bare("code-comment"), fontStyle: "italic" },
      { token: "identifier", foreground: bare("text") },
      { token: "type", foreground: bare("code-keyword") },
    ],
    colors: {
      "editor.background": token("surface"),
      "editor.foreground": token("text"),
      "editorLineNumber.foreground": token("quiet"),
      "editorLineNumber.activeForeground": token("text"),
      "editorCursor.foreground": token("accent"),
      "editor.lineHighlightBackground": "#00000000",
      "editor.lineHighlightBorder": "#00000000",
      "editor.selectionBackground": token("selected"),
      "editorError.foreground": token("deny"),
      "editorWarning.foreground": token("review"),
      "editorWidget.background": token("raised"),
      "editorWidget.border": token("line"),
      "editorHoverWidget.background": token("raised"),
      "editorSuggestWidget.background": token("raised"),
      "editorSuggestWidget.selectedBackground": token("selected"),
      focusBorder: token("accent"),
    },
  });
  monaco.editor.setTheme("gatehouse");
}

/** Stylesheets are made smaller on their way (`#fff`); Monaco takes long colours only. */
function sixDigits(colour: string): string {
  return /^#[0-9a-f]{3}$/i.test(colour) ? colour.replaceAll(/[0-9a-f]/gi, "$&$&") : colour;
}

/** What can be completed in a model: the tables of its target, as the person may see them. */
const tablesOf = new WeakMap<monaco.editor.ITextModel, readonly TreeTable[]>();
export function completeFrom(model: monaco.editor.ITextModel, tables: readonly TreeTable[]): void {
  tablesOf.set(model, tables);
}

monaco.languages.registerCompletionItemProvider("pgsql", {
  triggerCharacters: ["."],
  provideCompletionItems: (model, position) => {
    const word = model.getWordUntilPosition(position);
    const range = new monaco.Range(position.lineNumber, word.startColumn, position.lineNumber, word.endColumn);
    const line = model.getLineContent(position.lineNumber).slice(0, word.startColumn - 1);
    const qualifier = /([A-Za-z_][A-Za-z0-9_$]*)\.$/.exec(line)?.[1] ?? null;
    const tables = tablesOf.get(model) ?? [];
    const { Field, Struct } = monaco.languages.CompletionItemKind;
    const named = qualifier === null ? [] : tables.filter((table) => table.name === qualifier || table.schema === qualifier);
    const text = model.getValue().toLowerCase();
    const mentioned = tables.filter((table) => text.includes(table.name.toLowerCase()));
    const columns = (
      qualifier === null
        ? mentioned
        : [...named.filter((table) => table.name === qualifier), ...(named.length === 0 ? mentioned : [])]
    ).flatMap((table) =>
      table.columns.map((column) => ({
        label: {
          label: column.name,
          description: `${table.name} · ${column.exposure === "masked" ? `◐ ${column.mask}` : column.exposure === "denied" ? "✕ denied" : column.type}`,
        },
        kind: Field,
        insertText: quoted(column.name),
        sortText: `${column.exposure === "denied" ? "2" : "0"}${column.name}`,
        range,
      })),
    );
    const relations = tables
      .filter((table) => qualifier === null || table.schema === qualifier)
      .map((table) => ({
        label: { label: table.name, description: `${table.schema} · ${table.exposure === "denied" ? "✕ denied" : table.kind}` },
        kind: Struct,
        insertText: quoted(table.name),
        sortText: `${table.exposure === "denied" ? "3" : "1"}${table.name}`,
        range,
      }));
    return { suggestions: [...columns, ...relations] };
  },
});

function quoted(name: string): string {
  return /^[a-z_][a-z0-9_$]*$/.test(name) ? name : `"${name.replaceAll('"', '""')}"`;
}

export { monaco };
