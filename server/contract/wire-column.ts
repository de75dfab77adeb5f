import { z } from "zod";

export const WireColumn = z.object({ name: z.string(), type: z.string(), masked: z.string().nullable() });
export type WireColumn = z.infer<typeof WireColumn>;
