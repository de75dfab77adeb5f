import type { Refusal } from "../../domain/refusal.ts";
import type { Span } from "../../domain/span.ts";

/** Ends an analysis from any depth; the doors of this folder turn it into a value. Never leaves the folder. */
class Refused extends Error {
  readonly refusal: Refusal;

  constructor(refusal: Refusal) {
    super(refusal.message);
    this.refusal = refusal;
  }
}

export function refuse(message: string, span: Span, hint?: string): never {
  throw new Refused(hint === undefined ? { message, span } : { message, span, hint });
}

export function refusalOf<T>(work: () => T): T | { readonly refusal: Refusal } {
  try {
    return work();
  } catch (error) {
    if (error instanceof Refused) return { refusal: error.refusal };
    // The walk is recursive: what is nested deeper than our stack is refused, not crashed on.
    if (error instanceof RangeError) return { refusal: { message: "the statement is too deeply nested", span: [0, 0] } };
    throw error;
  }
}
