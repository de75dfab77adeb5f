import type { Span } from "../../domain/span.ts";
import type { Effect } from "./effect.ts";
import type { TransactionEffect } from "./utility.ts";

/** What may be sent to the target, and what its answer must not hold. Plain data. */
export interface PreparedSql {
  /** The text for the target. */
  readonly sent: string;
  /** The statement as the person wrote it. */
  readonly original: string;
  /** Where `original` stands in the submitted text. */
  readonly span: Span;
  /** Pieces of `sent` in order. Copied pieces are as long as their `original`, generated ones stand for all of it. */
  readonly map: readonly { readonly from: number; readonly to: number; readonly original: Span; readonly copied: boolean }[];
  readonly kind: string;
  readonly writes: boolean;
  readonly transaction: TransactionEffect | null;
  readonly outsideTransaction: boolean;
  /** Definitions change: the catalog is to be read again afterwards. */
  readonly definitions: boolean;
  readonly opaque: boolean;
  /** `nothing`: the gateway does all of it. */
  readonly way: "run" | "nothing";
  readonly effect: Effect | null;
  /** Functions of the database run: what they do to the session is not known. */
  readonly calls: boolean;
  /** Changes nothing but the session's own temporary relations. */
  readonly temporary: boolean;
  /** Sent before `sent`, in the same transaction: the PREPARE that it executes. */
  readonly setup: string | null;
  /** The name that PREPARE gives, here or in `setup`; the server forgets it when this has ended. */
  readonly preparedName: string | null;
  /** A query in `sent` whose columns the server is asked for instead of those of `sent`. */
  readonly inspected: string | null;
  /** What a FETCH takes from: its cursor's query, of which it gets `most` rows. Null: the plan of what is sent says it. */
  readonly fetched: { readonly query: string; readonly most: number } | null;
  /** Rows come as lines of COPY. */
  readonly copies: boolean;
  /** Where `guarded`, `generated` and `targets` hold; null: there is no relation in what is sent. */
  readonly verified: string | null;
  /** Values of `$1`, `$2` …; null: none. */
  readonly parameters: readonly (string | null)[] | null;
  /** Something is masked or filtered in it: messages of errors may carry it. */
  readonly sensitive: boolean;
  /** Columns (`oid.number`) that must not arrive as they are stored, with their name and mask. */
  readonly sentinel: readonly { readonly key: string; readonly column: string; readonly mask: string }[];
  /** Relations that a result column may come from. */
  readonly origins: readonly number[];
  /** Of the catalog that it was judged with. */
  readonly catalogVersion: string;
  /** What it was judged on: object identifiers and their definitions' fingerprints. */
  readonly judgedOn: readonly { readonly oid: number; readonly fingerprint: string }[];
  /** Mask's identifier per result column, null where nothing is masked. Null: the columns are not known. */
  readonly resultMasks: readonly (string | null)[] | null;
  /** Relations that may stand in `sent` only inside of `generated` or at `targets`. */
  readonly guarded: readonly { readonly schema: string; readonly name: string }[];
  readonly generated: readonly Span[];
  readonly targets: readonly Span[];
}

/** Where the person's text has what stands at `offset` of `sent`. */
export function originalSpan(prepared: Pick<PreparedSql, "map" | "span">, offset: number): Span {
  for (const piece of prepared.map) {
    if (offset < piece.from || offset >= piece.to) continue;
    if (!piece.copied) return piece.original;
    const at = piece.original[0] + (offset - piece.from);
    return [at, Math.min(at + 1, piece.original[1])];
  }
  return prepared.span;
}
