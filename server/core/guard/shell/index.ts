export { describeShell } from "./describe.ts";
export { pathsToAsk, patternsToAsk } from "./place.ts";
export { type DescribedShell, type GatewayBuiltin, type PreparedShell, type ShellWhere } from "./prepared.ts";
export { incomplete } from "./read.ts";
