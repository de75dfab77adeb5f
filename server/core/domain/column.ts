import type { ValueFormat } from "./value-format.ts";

/** A result's column as the person sees it. */
export interface ResultColumn {
  readonly name: string;
  /** As `format_type` writes it: `character varying(20)`. */
  readonly type: string;
  /** Null: not masked. Else the mask's identifier. */
  readonly masked: string | null;
  /** How its values come; absent: as text. */
  readonly format?: ValueFormat | undefined;
}
