import { z } from "zod";
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
});
export type ReviewAnswerBody = z.infer<typeof ReviewAnswerBody>;
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
/** `POST /api/record/verify` */
export interface RecordVerification {
  readonly intact: boolean;
  readonly chains: number;
  readonly events: number;
  readonly findings: readonly string[];
}
