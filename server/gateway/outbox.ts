import { ALARMS, type Notification } from "../core/domain/configuration.ts";
import { quietForMs } from "../core/domain/quiet.ts";
import { type Delivery, DeliveryError } from "./delivery.ts";
import { messageOf } from "./notifications.ts";
import type { Context } from "./ports-of-gateway.ts";
import type { QueuedNotification } from "./store-ports.ts";

const LOOK_MS = 3_000;
const LEASE_MS = 60_000;
const FIRST_RETRY_MS = 5_000;
const LONGEST_RETRY_MS = 30 * 60_000;
/** With the pauses between them more than two hours: a receiver may be down for a while. */
const ATTEMPTS = 13;
const KEEP_MS = 7 * 24 * 60 * 60_000;
const SWEEP_EVERY = 1_000;

/** Delivers what waits in the store. Every replica does; each takes what no other has. */
export class Outbox {
  readonly #context: Context;
  readonly #publicUrl: string;
  readonly #unsubscribe: () => void;
  readonly #timer: NodeJS.Timeout;
  #working: Promise<void> | null = null;
  #again = false;
  #closed = false;
  #looks = 0;

  constructor(context: Context, publicUrl: string) {
    this.#context = context;
    this.#publicUrl = publicUrl;
    this.#unsubscribe = context.changes.subscribe((change) => {
      if (change.topic === "outbox") this.#look();
    });
    this.#timer = setInterval(() => this.#look(), LOOK_MS);
    this.#timer.unref();
  }

  async close(): Promise<void> {
    this.#closed = true;
    this.#unsubscribe();
    clearInterval(this.#timer);
    await this.#working;
  }

  #look(): void {
    if (this.#closed) return;
    if (this.#working !== null) {
      this.#again = true;
      return;
    }
    this.#working = this.#work()
      .catch((error: unknown) => this.#context.log(`outbox: ${error instanceof Error ? error.message : String(error)}`))
      .finally(() => {
        this.#working = null;
        if (this.#again) {
          this.#again = false;
          this.#look();
        }
      });
  }

  async #work(): Promise<void> {
    if (this.#looks++ % SWEEP_EVERY === 0) await this.#context.notifications.sweep(KEEP_MS);
    while (!this.#closed) {
      const taken = await this.#context.notifications.take(LEASE_MS);
      if (taken.length === 0) return;
      await Promise.all(taken.map((notification) => this.#one(notification)));
    }
  }

  async #one(notification: QueuedNotification): Promise<void> {
    const { notifications, configuration, notifier } = this.#context;
    const document = configuration.set.notifications.find((each) => each.id === notification.channel);
    const quietMs =
      document?.quiet === undefined || isAlarm(notification) ? 0 : quietForMs(document.quiet, this.#context.clock.now());
    if (quietMs > 0) return notifications.postponed(notification.id, quietMs);
    try {
      if (document === undefined) throw new DeliveryError(`there is no notification \`${notification.channel}\` any more`, true);
      await notifier.deliver(await this.#deliveryOf(document), messageOf(notification, this.#publicUrl));
    } catch (error) {
      await this.#failed(notification, error);
      return;
    }
    await notifications.sent(notification.id);
  }

  async #failed(notification: QueuedNotification, error: unknown): Promise<void> {
    const message = error instanceof Error ? error.message : String(error);
    const over = (error instanceof DeliveryError && error.final) || notification.attempts >= ATTEMPTS;
    const retryMs = over ? null : Math.min(LONGEST_RETRY_MS, FIRST_RETRY_MS * 2 ** (notification.attempts - 1));
    if (over) {
      this.#context.log(`notification by \`${notification.channel}\` given up: ${message}`);
      await this.#context.audit.append({
        type: "notification.dead",
        at: this.#context.clock.now(),
        principal: "system",
        target: "",
        session: "",
        body: {
          channel: notification.channel,
          review: typeof notification.body.review === "string" ? notification.body.review : "",
          attempts: notification.attempts,
          message,
        },
      });
    }
    await this.#context.notifications.failed(notification.id, message, retryMs);
  }

  async #deliveryOf(document: Notification): Promise<Delivery> {
    const { secrets } = this.#context;
    const { webhook, email } = document;
    if (webhook !== undefined) {
      const { url, secret, format, loopback } = webhook;
      return {
        by: "webhook",
        url: typeof url === "string" ? url : await secrets.resolve(url),
        secret: secret === undefined ? null : await secrets.resolve(secret),
        format,
        loopback: loopback === true,
      };
    }
    if (email === undefined) throw new DeliveryError(`notification \`${document.id}\` says no way to go`, true);
    const { password } = email.smtp;
    return { by: "email", email, password: password === undefined ? null : await secrets.resolve(password) };
  }
}

function isAlarm({ body }: QueuedNotification): boolean {
  return typeof body.event === "string" && ALARMS.has(body.event);
}
