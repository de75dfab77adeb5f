export { describeShell } from "./describe.ts";
export { type DescribedShell, GATEWAY_BUILTINS, type GatewayBuiltin, type PreparedShell, type ShellWhere } from "./prepared.ts";
export { incomplete } from "./read.ts";
