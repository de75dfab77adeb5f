import { z } from "zod";
import { VALUE_FORMATS } from "../core/domain/value-format.ts";

export const WireColumn = z.object({
  name: z.string(),
  type: z.string(),
  masked: z.string().nullable(),
  format: z.enum(VALUE_FORMATS).optional(),
});
export type WireColumn = z.infer<typeof WireColumn>;
