import { z } from "zod";
import { Mask } from "./mask.ts";
import { ACTIONS } from "./micro-action.ts";
import { QuietHours } from "./quiet.ts";

/**
 * The configuration documents: what `gatehouse apply` takes and `gatehouse export` gives back. Unknown keys are an
 * error with their place. `*` in names is a glob; SQL names are written as the server folds them, quoted parts in
 * double quotes.
 */

const Identifier = z
  .string()
  .regex(/^[a-z0-9]+(-[a-z0-9]+)*$/, "an identifier is lower-case words with dashes, such as `engineers-read-shop`")
  .max(100);
const Pattern = z.string().min(1).max(500);
const Patterns = z.array(Pattern).max(500);

/** A secret is never in a document in the clear: `env` names a variable, `file` a path, `sealed` an AES-256-GCM box. */
export const SecretReference = z.union([
  z.strictObject({ env: z.string().min(1) }),
  z.strictObject({ file: z.string().min(1) }),
  z.strictObject({ sealed: z.string().min(1) }),
]);
export type SecretReference = z.infer<typeof SecretReference>;

const Labels = z.record(z.string(), z.string());

const TargetHead = {
  kind: z.literal("target"),
  id: Identifier,
  description: z.string().max(1_000).optional(),
  environment: z.string().min(1).max(50),
  labels: Labels.default({}),
};

export const PostgresTarget = z.strictObject({
  ...TargetHead,
  type: z.literal("postgres"),
  postgres: z.strictObject({
    host: z.string().min(1),
    port: z.number().int().min(1).max(65_535).default(5432),
    database: z.string().min(1),
    user: z.string().min(1),
    password: SecretReference.optional(),
    tls: z.enum(["verify", "require", "disable"]).default("verify"),
  }),
});
export type PostgresTarget = z.infer<typeof PostgresTarget>;

export const SshTarget = z.strictObject({
  ...TargetHead,
  type: z.literal("ssh"),
  ssh: z.strictObject({
    host: z.string().min(1),
    port: z.number().int().min(1).max(65_535).default(22),
    user: z.string().min(1),
    privateKey: SecretReference.optional(),
    password: SecretReference.optional(),
    /** `SHA256:…`. Absent: the first connection is refused until an admin pins what it saw. */
    hostKey: z.string().startsWith("SHA256:").optional(),
  }),
});
export type SshTarget = z.infer<typeof SshTarget>;

export const Target = z.discriminatedUnion("type", [PostgresTarget, SshTarget]);
export type Target = z.infer<typeof Target>;

export const Group = z.strictObject({
  kind: z.literal("group"),
  id: Identifier,
  description: z.string().max(1_000).optional(),
  members: z.array(z.string().min(1)).default([]),
});
export type Group = z.infer<typeof Group>;

export const Classification = z.strictObject({
  kind: z.literal("classification"),
  id: Identifier,
  description: z.string().max(1_000).optional(),
  target: Pattern,
  /** `schema.table.column`, parts may be globs. */
  columns: Patterns.min(1),
  tag: z.string().min(1).max(100),
});
export type Classification = z.infer<typeof Classification>;

export const MaskDocument = z
  .strictObject({
    kind: z.literal("mask"),
    id: Identifier,
    description: z.string().max(1_000).optional(),
    tags: z.array(z.string().min(1)).min(1).optional(),
    target: Pattern.optional(),
    columns: Patterns.min(1).optional(),
    mask: Mask,
  })
  .refine((document) => (document.tags === undefined) !== (document.columns === undefined), {
    message: "a mask names either `tags`, or `target` and `columns`",
  })
  .refine((document) => document.columns === undefined || document.target !== undefined, {
    message: "a mask with `columns` needs a `target`",
    path: ["target"],
  });
export type MaskDocument = z.infer<typeof MaskDocument>;

/** `groups` and `users` are alternatives: being in one of them is enough. All absent is an error: say `everyone: true`. */
export const PrincipalSelector = z
  .strictObject({
    everyone: z.literal(true).optional(),
    groups: Patterns.optional(),
    users: Patterns.optional(),
    attributes: z.record(z.string(), Pattern).optional(),
  })
  .refine((selector) => Object.keys(selector).length > 0, {
    message: "name `groups`, `users` or `attributes`, or say `everyone: true`",
  });
export type PrincipalSelector = z.infer<typeof PrincipalSelector>;

export const RowFilter = z.strictObject({
  kind: z.literal("row-filter"),
  id: Identifier,
  description: z.string().max(1_000).optional(),
  target: Pattern,
  table: Pattern,
  /** A predicate over the table's columns and `principal.*`. */
  where: z.string().min(1).max(4_000),
  principals: PrincipalSelector,
});
export type RowFilter = z.infer<typeof RowFilter>;

export const Detector = z.strictObject({
  kind: z.literal("detector"),
  id: Identifier,
  description: z.string().max(1_000).optional(),
  /** RE2 syntax. */
  pattern: z.string().min(1).max(1_000),
  /** Text that every match holds; found by a fast scan before the pattern is tried. */
  literal: z.string().min(2).max(200),
  mask: z.strictObject({ keep: z.number().int().min(0).max(16).default(0) }).default({ keep: 0 }),
});
export type Detector = z.infer<typeof Detector>;

/** `targets: [shop, "web-*"]`, or by what they are. */
export const TargetSelector = z.union([
  Patterns,
  z.strictObject({
    ids: Patterns.optional(),
    environment: Pattern.optional(),
    type: z.enum(["postgres", "ssh"]).optional(),
    labels: Labels.optional(),
  }),
]);
export type TargetSelector = z.infer<typeof TargetSelector>;

const ResourceKinds = {
  tables: Patterns.optional(),
  columns: Patterns.optional(),
  /** A classification's tag selects the columns that carry it. */
  tags: Patterns.optional(),
  functions: Patterns.optional(),
  settings: Patterns.optional(),
  programs: Patterns.optional(),
  paths: Patterns.optional(),
  hosts: Patterns.optional(),
};

/** Absent: everything. Kind lists restrict the micro-actions whose resource is of that kind, see core/policy/SPEC.md. */
export const ResourceSelector = z.strictObject({
  targets: TargetSelector.optional(),
  ...ResourceKinds,
  except: z.strictObject({ targets: TargetSelector.optional(), ...ResourceKinds }).optional(),
});
export type ResourceSelector = z.infer<typeof ResourceSelector>;

const DURATION = /^[0-9]+(ms|s|m|h|d)$/;
const Duration = z.string().regex(DURATION, "a duration is a number and a unit, such as `30m`, `8h`, `500ms`");

const LONGEST_HOLD_MS = 20 * 60_000;

export const PolicyObligations = z.strictObject({
  approvals: z.number().int().min(1).max(10).optional(),
  reviewers: z.strictObject({ groups: z.array(z.string()).default([]), users: z.array(z.string()).default([]) }).optional(),
  expireAfter: Duration.optional(),
  /** The longest that a reviewer's yes may last; `0m`: only once. */
  grantFor: Duration.optional(),
  /** Groups to which a review can be handed on. */
  escalateTo: z.array(z.string().min(1)).max(20).optional(),
  /** A change that was approved waits so long in an open transaction for a commit; `0m`: never. At most 20 minutes. */
  holdFor: Duration.refine((duration) => !DURATION.test(duration) || durationMs(duration) <= LONGEST_HOLD_MS, {
    message: "row locks are held meanwhile: 20 minutes at most",
  }).optional(),
  /**
   * Break glass, of a permit: it lets act at once, for a reason that is asked first, with an alarm, and a review that others
   * have to close within this time.
   */
  reviewAfter: Duration.optional(),
  /** Somebody else has to watch the session while it runs. */
  watched: z.literal(true).optional(),
  limitRows: z.number().int().min(1).optional(),
  timeLimit: Duration.optional(),
  /** Bytes that a command may write to its terminal. */
  limitOutput: z.number().int().min(1).optional(),
  readOnly: z.literal(true).optional(),
});
export type PolicyObligations = z.infer<typeof PolicyObligations>;

const ActionPattern = z
  .string()
  .min(1)
  .max(60)
  .refine((pattern) => (pattern.includes("*") ? true : (ACTIONS as readonly string[]).includes(pattern)), {
    message: `no such action; the actions are ${ACTIONS.join(", ")}; \`*\` is a glob`,
  });

export const Policy = z.strictObject({
  kind: z.literal("policy"),
  id: Identifier,
  description: z.string().max(1_000).default(""),
  effect: z.enum(["permit", "review", "forbid"]),
  principals: PrincipalSelector,
  actions: z.array(ActionPattern).min(1).max(100),
  resources: ResourceSelector.default({}),
  /** CEL; type-checked against core/policy/context.ts when saved. */
  when: z.string().min(1).max(2_000).optional(),
  obligations: PolicyObligations.default({}),
});
export type Policy = z.infer<typeof Policy>;

/** What people outside can be told of. */
export const NOTIFICATION_EVENTS = ["review.opened", "review.approved", "review.rejected", "glass.broken"] as const;
/** They do not wait for the end of quiet hours. */
export const ALARMS: ReadonlySet<string> = new Set<ToldEvent>(["glass.broken", "glass.overdue"]);
export type NotificationEvent = (typeof NOTIFICATION_EVENTS)[number];
/** That a review of broken glass is overdue is told to whoever was told that it was broken. */
export type ToldEvent = NotificationEvent | "glass.overdue";

const LOOPBACK = /^(localhost|127(\.\d{1,3}){3}|\[?::1\]?)$/;

/** `http` and loopback are for receivers on the same machine alone, and only when it is said. */
export const Webhook = z
  .strictObject({
    /** A reference where the address itself is the secret, as Slack's are. */
    url: z.union([z.url().max(2_000), SecretReference]),
    /** Signs what is sent; see docs/notifications.md. */
    secret: SecretReference.optional(),
    format: z.enum(["json", "slack"]).default("json"),
    loopback: z.literal(true).optional(),
  })
  .refine((webhook) => typeof webhook.url !== "string" || webhookUrl(webhook.url, webhook.loopback === true) === null, {
    message: "an address is https; on this machine itself it may be http, with `loopback: true`",
    path: ["url"],
  });
export type Webhook = z.infer<typeof Webhook>;

const ADDRESS = /^(https?):\/\/(\[[0-9a-f:.]+\]|[^/\\:?#@[\]\s]+)(:[0-9]{1,5})?([/?#]\S*)?$/i;

/** Null: may be called. Else why not. What the name leads to is checked when it is called. */
export function webhookUrl(text: string, loopback: boolean): string | null {
  const [, scheme = "", host = ""] = ADDRESS.exec(text) ?? [];
  if (host === "") return "it is no address, or holds a user and a password";
  const own = LOOPBACK.test(host.toLowerCase());
  if (own && !loopback) return "it is on this machine, and `loopback` is not set";
  return scheme.toLowerCase() === "https" || own ? null : "it is not https";
}

const Address = z
  .string()
  .max(320)
  .regex(/^[^\s@<>,;:"]+@[^\s@<>,;:"]+$/, "an e-mail address");

export const Email = z
  .strictObject({
    from: Address,
    to: z.array(Address).min(1).max(50),
    smtp: z.strictObject({
      host: z.string().min(1).max(253),
      port: z.number().int().min(1).max(65_535).default(587),
      /** `disable` only on this machine itself. */
      tls: z.enum(["starttls", "implicit", "disable"]).default("starttls"),
      user: z.string().min(1).max(320).optional(),
      password: SecretReference.optional(),
    }),
  })
  .refine(({ smtp }) => smtp.tls !== "disable" || LOOPBACK.test(smtp.host), {
    message: "e-mail leaves this machine only through TLS",
    path: ["smtp", "tls"],
  })
  .refine(({ smtp }) => (smtp.user === undefined) === (smtp.password === undefined), {
    message: "`user` and `password` go together",
    path: ["smtp", "user"],
  });
export type Email = z.infer<typeof Email>;

export const Notification = z
  .strictObject({
    kind: z.literal("notification"),
    id: Identifier,
    description: z.string().max(1_000).optional(),
    events: z.array(z.enum(NOTIFICATION_EVENTS)).min(1).default(["review.opened"]),
    targets: TargetSelector.optional(),
    /** Nothing is sent then, but at their end; alarms are. */
    quiet: QuietHours.optional(),
    /** The text of statements, which may hold personal data, leaves Gatehouse only where this says so. */
    statements: z.literal(true).optional(),
    webhook: Webhook.optional(),
    email: Email.optional(),
  })
  .refine((document) => (document.webhook === undefined) !== (document.email === undefined), {
    message: "a notification goes either to a `webhook` or by `email`",
  });
export type Notification = z.infer<typeof Notification>;

export const KINDS = ["target", "group", "classification", "mask", "row-filter", "detector", "policy", "notification"] as const;
export type Kind = (typeof KINDS)[number];

export type ConfigurationDocument = Target | Group | Classification | MaskDocument | RowFilter | Detector | Policy | Notification;

export const SCHEMA_OF_KIND = {
  target: Target,
  group: Group,
  classification: Classification,
  mask: MaskDocument,
  "row-filter": RowFilter,
  detector: Detector,
  policy: Policy,
  notification: Notification,
} as const satisfies Record<Kind, z.ZodType>;

const UNIT_MS = { ms: 1, s: 1_000, m: 60_000, h: 3_600_000, d: 86_400_000 } as const;

/** Milliseconds of a duration that the schema accepted. */
export function durationMs(duration: string): number {
  const match = /^([0-9]+)(ms|s|m|h|d)$/.exec(duration);
  if (match === null) throw new Error(`not a duration: \`${duration}\``);
  return Number(match[1]) * UNIT_MS[match[2] as keyof typeof UNIT_MS];
}
