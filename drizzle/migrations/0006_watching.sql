CREATE TABLE "session_frame" (
	"seq" bigint PRIMARY KEY GENERATED ALWAYS AS IDENTITY (sequence name "session_frame_seq_seq" INCREMENT BY 1 MINVALUE 1 MAXVALUE 9223372036854775807 START WITH 1 CACHE 1),
	"session" text NOT NULL,
	"at" timestamp with time zone DEFAULT now() NOT NULL,
	"shown_to" jsonb,
	"body" jsonb NOT NULL
);
--> statement-breakpoint
CREATE TABLE "session_watch" (
	"id" text PRIMARY KEY NOT NULL,
	"session" text NOT NULL,
	"replica" text NOT NULL,
	"person" jsonb NOT NULL,
	"since" timestamp with time zone DEFAULT now() NOT NULL
);
--> statement-breakpoint
ALTER TABLE "live_session" ADD COLUMN "terminated" jsonb;--> statement-breakpoint
CREATE INDEX "session_frame_session" ON "session_frame" USING btree ("session","seq");--> statement-breakpoint
CREATE INDEX "session_watch_session" ON "session_watch" USING btree ("session");