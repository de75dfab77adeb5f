/** Closed lists of words that the browser offers for choice. */
export { AUDIT_TYPES } from "../core/domain/audit.ts";
export { ASKABLE } from "../core/domain/grant.ts";
export { ACTIONS } from "../core/domain/micro-action.ts";
