import { z } from "zod";
import { ASKABLE } from "../core/domain/grant.ts";
import type { WireReview } from "./socket.ts";

/** Bodies of the HTTP interface. Every answer that is not 2xx is a `Problem`. */
export interface Problem {
  readonly error: { readonly code: string; readonly message: string; readonly details?: readonly ProblemDetail[] };
}
/** Where in what was sent, for people: `actions.0` or line and column of YAML. */
export interface ProblemDetail {
  readonly path: string;
  readonly line?: number;
  readonly column?: number;
  readonly message: string;
}

/** `GET /api/me` */
export interface Me {
  readonly id: string;
  readonly name: string;
  readonly groups: readonly string[];
  /** What the application lets them do. */
  readonly may: {
    readonly resolveReviews: boolean;
    readonly watchSessions: boolean;
    readonly readConfiguration: boolean;
    readonly writeConfiguration: boolean;
    readonly readRecord: boolean;
  };
  readonly policyVersion: number;
}

export type Exposure = "open" | "masked" | "denied";
export interface TreeColumn {
  readonly name: string;
  readonly type: string;
  readonly exposure: Exposure;
  readonly mask: string | null;
}
export interface TreeTable {
  readonly schema: string;
  readonly name: string;
  readonly kind: "table" | "view" | "materialised view" | "partitioned table" | "foreign table";
  readonly exposure: Exposure;
  readonly filtered: boolean;
  readonly columns: readonly TreeColumn[];
}
/** `GET /api/targets`: the ones that the person may connect to, and the others with `may: false`. */
export interface TargetItem {
  readonly id: string;
  readonly type: "postgres" | "ssh";
  readonly environment: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly description: string;
  readonly may: boolean;
}
/** `GET /api/targets/:id/tree` */
export interface TargetTree {
  readonly target: string;
  readonly tables: readonly TreeTable[];
}

/** `POST /api/reviews/:id/answer` → `WireReview` */
export const ReviewAnswerBody = z.strictObject({
  verdict: z.enum(["approve", "reject"]),
  comment: z.string().max(4_000).default(""),
  /** A yes for so long; null: once, or for as long as was asked. */
  minutes: z.number().int().min(1).max(10_080).nullable().default(null),
  /** Whether what runs is to wait in an open transaction; null: as it was asked. */
  hold: z.boolean().nullable().default(null),
  /** Of what was asked, by number from 0, what a yes lets be done; absent: all of it. */
  access: z.array(z.number().int().min(0)).max(100).readonly().optional(),
});
export type ReviewAnswerBody = z.infer<typeof ReviewAnswerBody>;
/** `POST /api/runs/:id/settle` → `WireReview`: of what waits in an open transaction. */
export const SettleBody = z.strictObject({ verdict: z.enum(["commit", "roll-back"]) });
export type SettleBody = z.infer<typeof SettleBody>;
/** `POST /api/runs/:id/found` → `WireReview`: of what it was not known whether it ran. */
export const FoundBody = z.strictObject({ ran: z.boolean(), note: z.string().trim().max(2_000).default("") });
export type FoundBody = z.infer<typeof FoundBody>;
/** `POST /api/reviews/:id/comment` → `WireReview` */
export const ReviewCommentBody = z.strictObject({ text: z.string().trim().min(1).max(4_000) });
export type ReviewCommentBody = z.infer<typeof ReviewCommentBody>;
/** `POST /api/reviews/:id/escalate` → `WireReview` */
export const EscalateBody = z.strictObject({ group: z.string().min(1).max(200) });
/** `POST /api/reviews/access` → `WireReview`. What is named as decisions name it: `public.customers.email`. */
export const AccessRequestBody = z.strictObject({
  target: z.string().min(1).max(100),
  access: z
    .array(z.strictObject({ action: z.enum(ASKABLE), resource: z.string().min(1).max(500) }))
    .min(1)
    .max(20),
  minutes: z.number().int().min(1).max(1_440),
  reason: z.string().trim().max(2_000).default(""),
});
export type AccessRequestBody = z.infer<typeof AccessRequestBody>;
/** `GET /api/reviews/:id/context`: what a reviewer wants to know around it. */
export interface ReviewContext {
  /** What the requester did in the same session before, the newest first. */
  readonly statements: readonly { readonly at: number; readonly statement: string; readonly outcome: string }[];
  /** Earlier reviews of the same shape, the newest first. */
  readonly alike: readonly {
    readonly id: string;
    readonly requester: string;
    readonly openedAt: number;
    readonly state: WireReview["state"];
    readonly by: readonly string[];
  }[];
}
/** `GET /api/reviews/:id/blast-radius`: asked of the target when it is opened, as the person who looks. */
export interface BlastRadiusReport {
  /** That rows are changed or removed in; null: none, or not known. */
  readonly table: string | null;
  readonly counted:
    | {
        readonly state: "yes";
        readonly rows: number;
        /** `source`: rows that an INSERT or MERGE would take from. */
        readonly of: "target" | "source";
        /** Something is masked or filtered for the person who looks: the rows may be others. */
        readonly differs: boolean;
      }
    | { readonly state: "no"; readonly reason: string };
  /** Primary keys of some of the rows; null: none. */
  readonly sample: { readonly columns: readonly string[]; readonly rows: readonly (readonly (string | null)[])[] } | null;
  /** The planner's estimate for finding the rows. */
  readonly plan: {
    readonly cost: number;
    readonly rows: number | null;
    /** Its steps from the outermost in, each with the rows that it is expected to give. */
    readonly nodes: readonly { readonly depth: number; readonly what: string; readonly rows: number }[];
  } | null;
  readonly locks: readonly { readonly table: string; readonly mode: string; readonly blocks: string }[];
}
/** `POST /api/grants/:id/end` → `WireReview` */
/** `GET /api/notifications`: what was given up. `POST /api/notifications/:id/retry` tries again. */
export interface DeadNotifications {
  readonly dead: readonly {
    readonly id: string;
    readonly channel: string;
    readonly review: string | null;
    readonly attempts: number;
    readonly error: string;
    readonly at: number;
  }[];
}
/** `GET /api/people` */
export interface PersonItem {
  readonly id: string;
  readonly name: string;
  readonly groups: readonly string[];
  readonly attributes: Readonly<Record<string, string>>;
  /** That hold now. */
  readonly signIns: number;
  readonly lastSignIn: number | null;
  readonly disabled: { readonly at: number; readonly by: string; readonly reason: string } | null;
}
export interface PeopleList {
  readonly people: readonly PersonItem[];
}
/** `POST /api/people`. Each ends what the person has open within a second. */
export const PersonBody = z.strictObject({
  id: z.string().min(3).max(320),
  change: z.enum(["revoke-sign-ins", "disable", "enable"]),
  reason: z.string().trim().max(1_000).default(""),
});
export type PersonBody = z.infer<typeof PersonBody>;
/** `GET /api/reviews?state=open|all` */
export interface ReviewList {
  readonly reviews: readonly WireReview[];
}

/** `GET /api/configuration` */
export interface ConfigurationItem {
  readonly kind: string;
  readonly id: string;
  /** Grows with each change of this document. */
  readonly version: number;
  readonly updatedAt: number;
  readonly updatedBy: string;
  /** The document, as the format writes it. */
  readonly document: Readonly<Record<string, unknown>>;
  readonly yaml: string;
  /** For instance: names a group that nobody is in. */
  readonly warnings: readonly string[];
}
export interface ConfigurationList {
  readonly version: number;
  readonly items: readonly ConfigurationItem[];
}

/** `POST /api/configuration` (saves) and `POST /api/configuration/validate` (does not). One or many documents. */
export const ConfigurationBody = z.strictObject({
  yaml: z.string().max(1_000_000),
  /** The version of the document that was edited; refused with 409 when it has changed meanwhile. Absent: not checked. */
  expectedVersion: z.number().int().optional(),
});
export type ConfigurationBody = z.infer<typeof ConfigurationBody>;
/** `POST /api/configuration/mask-preview`: the draft of one mask; of the columns that it fits, the one to look at. */
export const MaskPreviewBody = z.strictObject({
  yaml: z.string().max(100_000),
  target: z.string().optional(),
  column: z.string().optional(),
});
export type MaskPreviewBody = z.infer<typeof MaskPreviewBody>;
export interface MaskPreview {
  /** That it fits, in the databases that the admin may connect to; `schema.table.column`. The first 200. */
  readonly columns: readonly { readonly target: string; readonly column: string }[];
  /** Null: `reason` says why there are none. */
  readonly shown: {
    readonly target: string;
    readonly column: string;
    readonly rows: readonly { readonly before: string | null; readonly after: string | null }[];
  } | null;
  readonly reason: string | null;
}
export interface ConfigurationChange {
  readonly kind: string;
  readonly id: string;
  readonly change: "created" | "changed" | "unchanged" | "deleted";
}
export interface ConfigurationResult {
  readonly version: number;
  readonly changes: readonly ConfigurationChange[];
  readonly warnings: readonly string[];
}
/** `DELETE /api/configuration/:kind/:id` → `ConfigurationResult` */

/** `GET /api/record` */
export const RecordQuery = z.strictObject({
  principal: z.string().max(200).optional(),
  target: z.string().max(200).optional(),
  type: z.string().max(60).optional(),
  outcome: z.enum(["allow", "review", "deny"]).optional(),
  /** Found in the statement or in a touched table, column or program. */
  text: z.string().max(200).optional(),
  from: z.coerce.number().int().optional(),
  until: z.coerce.number().int().optional(),
  /** From the previous answer's `next`. */
  before: z.string().max(100).optional(),
  limit: z.coerce.number().int().min(1).max(500).default(100),
});
export type RecordQuery = z.infer<typeof RecordQuery>;
export interface RecordItem {
  readonly chain: string;
  readonly seq: number;
  readonly at: number;
  readonly type: string;
  readonly principal: string;
  readonly target: string;
  readonly session: string;
  readonly outcome: string | null;
  readonly statement: string | null;
  readonly body: Readonly<Record<string, unknown>>;
  readonly hash: string;
}
export interface RecordPage {
  readonly items: readonly RecordItem[];
  readonly next: string | null;
}
/** `GET /api/files/SESSION?path=…`: a folder of a terminal's host, for who may list it. */
export const FilesQuery = z.strictObject({ path: z.string().max(4_096) });
export interface FileItem {
  readonly name: string;
  readonly kind: "file" | "folder" | "other";
  readonly size: number;
  readonly modifiedAt: number;
}
export interface FileList {
  /** Physical. */
  readonly path: string;
  readonly entries: readonly FileItem[];
}

/** In which a route says how many bytes it will send; it leaves the gateway as `Content-Length`. */
export const LENGTH_HEADER = "x-gatehouse-length";

/**
 * `POST /api/files/SESSION`: asks to take, put or change a file. `review`: the one that was answered with a yes. Of `save`
 * the text is written when it is allowed; of the others the bytes go by `ticket`.
 */
export const FileBody = z.strictObject({
  path: z.string().max(4_096),
  reason: z.string().max(2_000).optional(),
  review: z.string().max(64).optional(),
  act: z.discriminatedUnion("way", [
    z.strictObject({ way: z.literal("download") }),
    /** The text, masked, for an editor. */
    z.strictObject({ way: z.literal("open") }),
    z.strictObject({ way: z.literal("upload"), size: z.number().int().min(0) }),
    /** `digest` of the text that it was changed from; refused with 409 when another stands there. */
    z.strictObject({ way: z.literal("save"), text: z.string().max(1_000_000), digest: z.string() }),
  ]),
});
export type FileBody = z.infer<typeof FileBody>;
export type FileAnswer =
  | { readonly state: "ticket"; readonly ticket: string; readonly name: string; readonly size: number }
  | {
      readonly state: "text";
      readonly path: string;
      readonly text: string;
      readonly digest: string;
      /** Something in it is masked: it cannot be saved. */
      readonly masked: boolean;
      readonly mayWrite: "allow" | "review" | "deny";
      /** Why not, or who asks for the review. */
      readonly because: string;
    }
  | { readonly state: "saved"; readonly digest: string }
  | { readonly state: "review"; readonly review: string; readonly message: string };

/** `GET /api/recordings`: one's own, or everybody's for who may read the record; the newest first. */
export const RecordingQuery = z.strictObject({
  principal: z.string().max(200).optional(),
  target: z.string().max(200).optional(),
  /** From the previous answer's `next`. */
  before: z.coerce.number().optional(),
});
export type RecordingQuery = z.infer<typeof RecordingQuery>;
/** Of a terminal session. Times in milliseconds since the epoch; `bytes` are characters of the recording's text. */
export interface RecordingItem {
  readonly session: string;
  readonly principal: string;
  readonly target: string;
  readonly environment: string;
  readonly startedAt: number;
  /** Null: it goes on, or its replica was lost. */
  readonly endedAt: number | null;
  readonly bytes: number;
  readonly chunks: number;
  readonly commands: number;
  readonly digest: string;
}
export interface RecordingList {
  readonly recordings: readonly RecordingItem[];
  readonly next: number | null;
}
/** `GET /api/recordings/SESSION?part=N`: whole lines of asciicast v2. `text` null: there is no such part, or not yet. */
export const RecordingPartQuery = z.strictObject({ part: z.coerce.number().int().min(0) });
export interface RecordingPart {
  readonly recording: RecordingItem;
  readonly text: string | null;
}
/** `POST /api/recordings/SESSION/verify` */
export interface RecordingVerification {
  readonly verdict: "intact" | "broken" | "not-closed";
  readonly message: string;
}
/** `POST /api/record/verify` */
export interface RecordVerification {
  readonly intact: boolean;
  readonly chains: number;
  readonly events: number;
  readonly findings: readonly string[];
}
