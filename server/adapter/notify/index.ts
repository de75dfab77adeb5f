import type { Notifier } from "../../gateway/delivery.ts";
import { sendEmail } from "./email.ts";
import { callWebhook } from "./webhook.ts";

export function createNotifier({ now }: { readonly now: () => number }): Notifier {
  return {
    deliver: (delivery, message) =>
      delivery.by === "webhook" ? callWebhook(delivery, message, now()) : sendEmail(delivery, message),
  };
}
