export { createShellConnector } from "./connector.ts";
