export type { NamedThing } from "./catalogue-schema.ts";
export { type Asked, type Wanted, wantedAt, written } from "./completion.ts";
export { describeShell } from "./describe.ts";
export type { EmbeddedConnection, EmbeddedSql } from "./embedded.ts";
export { asksForFolders, pathsToAsk, patternsToAsk } from "./place.ts";
export type { DescribedShell, GatewayBuiltin, Language, PreparedShell, ShellWhere } from "./prepared.ts";
export { incomplete } from "./read.ts";
