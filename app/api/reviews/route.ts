import { z } from "zod";
import { get } from "../handler.ts";

const Query = z.strictObject({ state: z.enum(["open", "all"]).default("open") });

export const GET = get(Query, ({ verbs, principal, sent }) => verbs.reviews(principal, sent.state));
