import { type Document, LineCounter, parseAllDocuments, stringify } from "yaml";
import type { z } from "zod";
import { type ConfigurationDocument, KINDS, type Kind, SCHEMA_OF_KIND } from "../domain/configuration.ts";

/** Something wrong in a configuration text, with its place. Lines and columns count from 1. */
export interface ReadIssue {
  readonly path: string;
  readonly line?: number;
  readonly column?: number;
  readonly message: string;
}

export interface ReadDocument {
  readonly document: ConfigurationDocument;
  /** Finds the place of one of the document's keys in the text. */
  readonly place: (path: readonly (string | number)[]) => { readonly line: number; readonly column: number };
}

export type Read =
  | { readonly ok: true; readonly documents: readonly ReadDocument[] }
  | { readonly ok: false; readonly issues: readonly ReadIssue[] };

const MOST_CHARACTERS = 1_000_000;

/**
 * Reads configuration documents from YAML or JSON (which YAML holds). Every issue of every document is reported at once.
 * Aliases are refused: a small text could grow without bound.
 */
export function readConfiguration(text: string): Read {
  if (text.length > MOST_CHARACTERS)
    return { ok: false, issues: [{ path: "", message: "more than 1,000,000 characters of configuration; split it in files" }] };
  const lines = new LineCounter();
  const parsed = parseAllDocuments(text, { lineCounter: lines, uniqueKeys: true, version: "1.2" });
  const issues: ReadIssue[] = [];
  const documents: ReadDocument[] = [];
  const seen = new Map<string, number>();
  for (const yaml of Array.isArray(parsed) ? parsed : []) {
    const place = placer(yaml, lines);
    for (const error of yaml.errors) {
      const at = lines.linePos(error.pos[0]);
      issues.push({
        path: "",
        line: at.line,
        column: at.col,
        message: error.message.split("\n")[0]?.replace(/ at line .*$/, "") ?? "not YAML",
      });
    }
    if (yaml.errors.length > 0) continue;
    let value: unknown;
    try {
      value = yaml.toJS({ maxAliasCount: 0 });
    } catch {
      issues.push({ path: "", ...place([]), message: "aliases (`*name`) are not taken in configuration; write the value out" });
      continue;
    }
    if (value === null || value === undefined) continue;
    const kind = typeof value === "object" && "kind" in value ? value.kind : undefined;
    if (!isKind(kind)) {
      issues.push({
        path: "kind",
        ...place(["kind"]),
        message:
          kind === undefined
            ? `\`kind\` is missing; the kinds are ${KINDS.join(", ")}`
            : `no such kind; the kinds are ${KINDS.join(", ")}`,
      });
      continue;
    }
    const checked = SCHEMA_OF_KIND[kind].safeParse(value);
    if (!checked.success) {
      issues.push(...checked.error.issues.map((issue) => zodIssue(issue, place)));
      continue;
    }
    const name = `${checked.data.kind} \`${checked.data.id}\``;
    const first = seen.get(name);
    if (first !== undefined)
      issues.push({ path: "id", ...place(["id"]), message: `${name} stands twice, first on line ${first}` });
    seen.set(name, place(["id"]).line);
    documents.push({ document: checked.data, place });
  }
  return issues.length > 0 ? { ok: false, issues } : { ok: true, documents };
}

function isKind(value: unknown): value is Kind {
  return typeof value === "string" && (KINDS as readonly string[]).includes(value);
}

function placer(yaml: Document.Parsed, lines: LineCounter): ReadDocument["place"] {
  return (path) => {
    for (let length = path.length; length >= 0; length--) {
      const node = length === 0 ? yaml.contents : yaml.getIn(path.slice(0, length), true);
      if (typeof node === "object" && node !== null && "range" in node && Array.isArray(node.range)) {
        const at = lines.linePos(Number(node.range[0]));
        return { line: at.line, column: at.col };
      }
    }
    return { line: 1, column: 1 };
  };
}

function zodIssue(issue: z.core.$ZodIssue, place: ReadDocument["place"]): ReadIssue {
  const path = issue.path.map((part) => (typeof part === "symbol" ? part.toString() : part));
  if (issue.code === "unrecognized_keys") {
    const key = issue.keys[0] ?? "";
    const at = place(path);
    return {
      path: [...path, key].join("."),
      ...at,
      message: `unknown key${issue.keys.length > 1 ? "s" : ""} ${issue.keys.map((each) => `\`${each}\``).join(", ")}`,
    };
  }
  return { path: path.join("."), ...place(path), message: issue.message };
}

/** A document as the format writes it: `kind` and `id` first, nothing that is only a default. */
export function writeDocument(document: ConfigurationDocument): string {
  return stringify(withoutDefaults(document), { lineWidth: 0, aliasDuplicateObjects: false });
}

/** The document without keys that say nothing beyond their default. */
export function withoutDefaults(document: ConfigurationDocument): Readonly<Record<string, unknown>> {
  const { kind, id, ...rest } = document;
  const kept = Object.entries(rest).filter(([, value]) => value !== undefined && value !== "" && !isEmptyObject(value));
  return { kind, id, ...Object.fromEntries(kept) };
}

function isEmptyObject(value: unknown): boolean {
  return typeof value === "object" && value !== null && !Array.isArray(value) && Object.keys(value).length === 0;
}
