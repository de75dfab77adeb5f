CREATE TABLE "granted_run" (
	"id" text PRIMARY KEY NOT NULL,
	"review" text NOT NULL,
	"timed_grant" text,
	"session" text NOT NULL,
	"started_at" timestamp with time zone NOT NULL,
	"state" text NOT NULL,
	"body" jsonb NOT NULL
);
--> statement-breakpoint
CREATE TABLE "live_session" (
	"id" text PRIMARY KEY NOT NULL,
	"replica" text NOT NULL,
	"principal" text NOT NULL,
	"name" text NOT NULL,
	"target" text NOT NULL,
	"kind" text NOT NULL,
	"identity" text NOT NULL,
	"opened_at" timestamp with time zone DEFAULT now() NOT NULL,
	"ended_at" timestamp with time zone,
	"last" jsonb
);
--> statement-breakpoint
CREATE TABLE "replica" (
	"id" text PRIMARY KEY NOT NULL,
	"seen_at" timestamp with time zone DEFAULT now() NOT NULL
);
--> statement-breakpoint
ALTER TABLE "granted_run" ADD CONSTRAINT "granted_run_review_review_id_fk" FOREIGN KEY ("review") REFERENCES "public"."review"("id") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
CREATE INDEX "granted_run_review" ON "granted_run" USING btree ("review","started_at");--> statement-breakpoint
CREATE INDEX "granted_run_open" ON "granted_run" USING btree ("session") WHERE state IN ('started', 'held', 'closing');--> statement-breakpoint
CREATE INDEX "live_session_open" ON "live_session" USING btree ("opened_at") WHERE ended_at IS NULL;