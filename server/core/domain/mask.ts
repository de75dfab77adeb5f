import { z } from "zod";

/** How a masked value is replaced. The names are those of the configuration format. */
export const Mask = z.discriminatedUnion("type", [
  z.strictObject({ type: z.literal("redact") }),
  z.strictObject({ type: z.literal("null") }),
  z.strictObject({ type: z.literal("constant"), value: z.union([z.string(), z.number(), z.boolean()]) }),
  z.strictObject({ type: z.literal("partial-email") }),
  z.strictObject({ type: z.literal("partial-phone") }),
  z.strictObject({ type: z.literal("partial-name") }),
  z.strictObject({ type: z.literal("last4") }),
  z.strictObject({ type: z.literal("pseudonym") }),
  z.strictObject({ type: z.literal("date-trunc"), unit: z.enum(["hour", "day", "week", "month", "quarter", "year", "decade"]) }),
  z.strictObject({ type: z.literal("bucket"), size: z.number().positive() }),
  z.strictObject({ type: z.literal("json-remove"), paths: z.array(z.string().min(1)).min(1) }),
  /** A SQL expression over `value`; immutable built-ins only. */
  z.strictObject({ type: z.literal("expression"), sql: z.string().min(1).max(2_000) }),
]);
export type Mask = z.infer<typeof Mask>;
