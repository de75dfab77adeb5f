import type { Email } from "../core/domain/configuration.ts";
import type { Json } from "../core/domain/json.ts";

/** What is told outside: text without secrets, and a link that leads to a page where one signs in. */
export interface OutgoingMessage {
  /** The same for every attempt, so that a receiver can tell a repetition. */
  readonly id: string;
  readonly subject: string;
  readonly lines: readonly string[];
  readonly link: string | null;
  readonly fields: { readonly [key: string]: Json };
}

/** Secrets already resolved. */
export type Delivery =
  | {
      readonly by: "webhook";
      readonly url: string;
      readonly secret: string | null;
      readonly format: "json" | "slack";
      readonly loopback: boolean;
    }
  | { readonly by: "email"; readonly email: Email; readonly password: string | null };

export interface Notifier {
  /** Resolves when the receiver has taken it. Throws `DeliveryError`; its text names no secret. */
  deliver(delivery: Delivery, message: OutgoingMessage): Promise<void>;
}

export class DeliveryError extends Error {
  /** Trying again makes no sense: the receiver refused what it was sent. */
  readonly final: boolean;
  constructor(message: string, final: boolean, options?: ErrorOptions) {
    super(message, options);
    this.final = final;
  }
}
