export * from "./audit.ts";
export * from "./configuration.ts";
export * from "./notification.ts";
export * from "./person.ts";
export * from "./recording.ts";
export * from "./review.ts";
export * from "./session.ts";
export * from "./sign-in.ts";
