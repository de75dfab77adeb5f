import type { ProblemDetail } from "../contract/http.ts";
import type { VerbErrorCode } from "./gateway.ts";

/** An expected refusal of a verb. Crosses into Next's bundle by its `code`, never by `instanceof`. */
export class VerbError extends Error {
  readonly code: VerbErrorCode;
  readonly details: readonly ProblemDetail[];
  constructor(code: VerbErrorCode, message: string, details: readonly ProblemDetail[] = []) {
    super(message);
    this.code = code;
    this.details = details;
  }
}
