CREATE TABLE "notification" (
	"id" bigint PRIMARY KEY GENERATED ALWAYS AS IDENTITY (sequence name "notification_id_seq" INCREMENT BY 1 MINVALUE 1 MAXVALUE 9223372036854775807 START WITH 1 CACHE 1),
	"channel" text NOT NULL,
	"body" jsonb NOT NULL,
	"state" text DEFAULT 'waiting' NOT NULL,
	"attempts" integer DEFAULT 0 NOT NULL,
	"created_at" timestamp with time zone DEFAULT now() NOT NULL,
	"next_at" timestamp with time zone DEFAULT now() NOT NULL,
	"ended_at" timestamp with time zone,
	"last_error" text
);
--> statement-breakpoint
CREATE TABLE "disabled_person" (
	"id" text PRIMARY KEY NOT NULL,
	"at" timestamp with time zone DEFAULT now() NOT NULL,
	"by" text NOT NULL,
	"reason" text NOT NULL
);
--> statement-breakpoint
CREATE TABLE "timed_grant" (
	"id" text PRIMARY KEY NOT NULL,
	"review" text NOT NULL,
	"principal" text NOT NULL,
	"target" text NOT NULL,
	"shape" text NOT NULL,
	"body" jsonb NOT NULL,
	"starts_at" timestamp with time zone NOT NULL,
	"ends_at" timestamp with time zone NOT NULL,
	"ended_at" timestamp with time zone,
	"ended_by" text,
	"uses" integer DEFAULT 0 NOT NULL
);
--> statement-breakpoint
ALTER TABLE "review" ADD COLUMN "shape" text DEFAULT '' NOT NULL;--> statement-breakpoint
ALTER TABLE "review" ADD COLUMN "comments" jsonb DEFAULT '[]'::jsonb NOT NULL;--> statement-breakpoint
ALTER TABLE "review" ADD COLUMN "escalations" jsonb DEFAULT '[]'::jsonb NOT NULL;--> statement-breakpoint
ALTER TABLE "timed_grant" ADD CONSTRAINT "timed_grant_review_review_id_fk" FOREIGN KEY ("review") REFERENCES "public"."review"("id") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
CREATE INDEX "notification_waiting" ON "notification" USING btree ("next_at") WHERE state = 'waiting';--> statement-breakpoint
CREATE INDEX "notification_state" ON "notification" USING btree ("state","created_at");--> statement-breakpoint
CREATE INDEX "timed_grant_review" ON "timed_grant" USING btree ("review");--> statement-breakpoint
CREATE INDEX "timed_grant_shape" ON "timed_grant" USING btree ("principal","target","shape");--> statement-breakpoint
CREATE INDEX "timed_grant_ends" ON "timed_grant" USING btree ("ends_at") WHERE ended_at IS NULL;--> statement-breakpoint
CREATE INDEX "review_requester" ON "review" USING btree ("requester","state");--> statement-breakpoint
CREATE INDEX "review_shape" ON "review" USING btree ("shape","opened_at") WHERE shape <> '';