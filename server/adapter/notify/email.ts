import nodemailer from "nodemailer";
import { type Delivery, DeliveryError, type OutgoingMessage } from "../../gateway/delivery.ts";

const TIMEOUT_MS = 15_000;

/** One plain-text message to all who are named. The server's certificate is checked wherever TLS is used. */
export async function sendEmail(delivery: Extract<Delivery, { by: "email" }>, message: OutgoingMessage): Promise<void> {
  const { from, to, smtp } = delivery.email;
  const transport = nodemailer.createTransport({
    host: smtp.host,
    port: smtp.port,
    secure: smtp.tls === "implicit",
    requireTLS: smtp.tls === "starttls",
    ignoreTLS: smtp.tls === "disable",
    ...(smtp.user === undefined || delivery.password === null ? {} : { auth: { user: smtp.user, pass: delivery.password } }),
    connectionTimeout: TIMEOUT_MS,
    greetingTimeout: TIMEOUT_MS,
    socketTimeout: TIMEOUT_MS,
    disableFileAccess: true,
    disableUrlAccess: true,
  });
  try {
    await transport.sendMail({
      from,
      to: [...to],
      subject: message.subject.replace(/[\r\n]+/g, " "),
      text: [...message.lines, "", message.link ?? ""].join("\n"),
      headers: { "Auto-Submitted": "auto-generated", "X-Gatehouse-Delivery": message.id },
    });
  } catch (error) {
    const code = error instanceof Error && "responseCode" in error ? Number(error.responseCode) : 0;
    const what = error instanceof Error && "code" in error ? String(error.code) : "unknown error";
    // 5xx about the message is the server's word that it will never take it; TLS or a password may be set right.
    const final = code >= 500 && code < 600 && (what === "EENVELOPE" || what === "EMESSAGE");
    throw new DeliveryError(`the mail server did not take it: ${what}${code === 0 ? "" : ` (${code})`}`, final, { cause: error });
  } finally {
    transport.close();
  }
}
