import { ACTIONS } from "../../server/contract/vocabulary.ts";

export type Path = readonly string[];

/** One field of a document's form. `path`: where its value stands in the document. */
export type Field = { readonly path: Path; readonly label: string; readonly hint?: string } & (
  | { readonly input: "text" | "code" | "number" | "switch" }
  | { readonly input: "choice"; readonly of: readonly string[] }
  | { readonly input: "list"; readonly suggestions: readonly string[] }
);

export interface FieldGroup {
  readonly title: string;
  readonly fields: readonly Field[];
}

type Document = Readonly<Record<string, unknown>>;

const text = (label: string, ...path: string[]): Field => ({ path, label, input: "text" });
const number = (label: string, ...path: string[]): Field => ({ path, label, input: "number" });
const list = (label: string, suggestions: readonly string[], ...path: string[]): Field => ({
  path,
  label,
  input: "list",
  suggestions,
});
const choice = (label: string, of: readonly string[], ...path: string[]): Field => ({ path, label, input: "choice", of });

const HEAD: FieldGroup = { title: "What it is", fields: [text("Identifier", "id"), text("Description", "description")] };

/** The form of a document, which depends on what is in it. Null: this kind is edited as YAML only. */
export function formOf(
  document: Document,
  known: { groups: readonly string[]; targets: readonly string[] },
): readonly FieldGroup[] | null {
  switch (document.kind) {
    case "policy":
      return policy(document, known);
    case "mask":
      return mask(document, known);
    case "target":
      return target(document);
    default:
      return null;
  }
}

function policy(document: Document, known: { groups: readonly string[]; targets: readonly string[] }): readonly FieldGroup[] {
  const targets = at(document, ["resources", "targets"]);
  const byKind = typeof targets === "object" && targets !== null && !Array.isArray(targets);
  return [
    { title: "What it is", fields: [...HEAD.fields, choice("Effect", ["permit", "review", "forbid"], "effect")] },
    {
      title: "Who",
      fields: [
        list("Groups", known.groups, "principals", "groups"),
        list("Users", [], "principals", "users"),
        { path: ["principals", "everyone"], label: "Everyone", input: "switch" },
      ],
    },
    { title: "Does what", fields: [list("Actions", ["sql:*", "file:*", ...ACTIONS], "actions")] },
    {
      title: "To what",
      fields: [
        ...(byKind
          ? [
              text("Targets of environment", "resources", "targets", "environment"),
              choice("Targets of type", ["postgres", "ssh"], "resources", "targets", "type"),
              list("Targets", known.targets, "resources", "targets", "ids"),
            ]
          : [list("Targets", known.targets, "resources", "targets")]),
        list("Tables", [], "resources", "tables"),
        list("Columns", [], "resources", "columns"),
        list("Classified as", [], "resources", "tags"),
        list("Programs", [], "resources", "programs"),
        list("Paths", [], "resources", "paths"),
      ],
    },
    { title: "When", fields: [{ path: ["when"], label: "Condition", hint: "CEL, checked when it is saved", input: "code" }] },
    {
      title: "What it asks for",
      fields: [
        number("Approvals", "obligations", "approvals"),
        list("Reviewers from groups", known.groups, "obligations", "reviewers", "groups"),
        text("Expires after", "obligations", "expireAfter"),
        text("A yes may last at most", "obligations", "grantFor"),
        list("Can be handed on to groups", known.groups, "obligations", "escalateTo"),
        text("An approved change is held for", "obligations", "holdFor"),
        number("Rows at most", "obligations", "limitRows"),
        text("Time at most", "obligations", "timeLimit"),
        number("A command's output at most, in bytes", "obligations", "limitOutput"),
        text("Break glass: reviewed afterwards, within", "obligations", "reviewAfter"),
        { path: ["obligations", "watched"], label: "Only while somebody watches", input: "switch" },
        { path: ["obligations", "readOnly"], label: "Reading only", input: "switch" },
      ],
    },
  ];
}

const MASK_TYPES = [
  "redact",
  "null",
  "constant",
  "partial-email",
  "partial-phone",
  "partial-name",
  "last4",
  "pseudonym",
  "date-trunc",
  "bucket",
  "json-remove",
  "expression",
];

function mask(document: Document, known: { targets: readonly string[] }): readonly FieldGroup[] {
  const type = at(document, ["mask", "type"]);
  const more: Field[] =
    type === "constant"
      ? [text("Value", "mask", "value")]
      : type === "date-trunc"
        ? [choice("Unit", ["hour", "day", "week", "month", "quarter", "year", "decade"], "mask", "unit")]
        : type === "bucket"
          ? [number("Size", "mask", "size")]
          : type === "json-remove"
            ? [list("Paths", [], "mask", "paths")]
            : type === "expression"
              ? [{ path: ["mask", "sql"], label: "SQL", hint: "an expression over `value`", input: "code" }]
              : [];
  return [
    HEAD,
    {
      title: "Masks what",
      fields: [
        list("Columns classified as", [], "tags"),
        list("Or columns", [], "columns"),
        choice("of the target", known.targets, "target"),
      ],
    },
    { title: "How", fields: [choice("Mask", MASK_TYPES, "mask", "type"), ...more] },
  ];
}

function target(document: Document): readonly FieldGroup[] {
  const head: FieldGroup = {
    title: "What it is",
    fields: [...HEAD.fields, text("Environment", "environment"), choice("Type", ["postgres", "ssh"], "type")],
  };
  if (document.type === "ssh") {
    return [
      head,
      {
        title: "How it is reached",
        fields: [
          text("Host", "ssh", "host"),
          number("Port", "ssh", "port"),
          text("User", "ssh", "user"),
          { path: ["ssh", "hostKey"], label: "Host key", hint: "SHA256:…", input: "text" },
        ],
      },
    ];
  }
  return [
    head,
    {
      title: "How it is reached",
      fields: [
        text("Host", "postgres", "host"),
        number("Port", "postgres", "port"),
        text("Database", "postgres", "database"),
        text("User", "postgres", "user"),
        choice("TLS", ["verify", "require", "disable"], "postgres", "tls"),
      ],
    },
  ];
}

/** What stands at a path; undefined: nothing. */
export function at(document: unknown, path: Path): unknown {
  let value = document;
  for (const key of path) {
    if (typeof value !== "object" || value === null) return undefined;
    value = Object.entries(value).find(([name]) => name === key)?.[1];
  }
  return value;
}
