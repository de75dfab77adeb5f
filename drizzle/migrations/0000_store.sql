CREATE TABLE "audit_checkpoint" (
	"n" integer PRIMARY KEY NOT NULL,
	"previous" text NOT NULL,
	"at" bigint NOT NULL,
	"heads" jsonb NOT NULL,
	"public_key" text NOT NULL,
	"signature" text NOT NULL
);
--> statement-breakpoint
CREATE TABLE "audit_event" (
	"chain" text NOT NULL,
	"seq" bigint NOT NULL,
	"previous" text NOT NULL,
	"hash" text NOT NULL,
	"payload" text NOT NULL,
	"at" bigint NOT NULL,
	"type" text NOT NULL,
	"principal" text NOT NULL,
	"target" text NOT NULL,
	"session" text NOT NULL,
	"outcome" text,
	"statement" text,
	CONSTRAINT "audit_event_chain_seq_pk" PRIMARY KEY("chain","seq")
);
--> statement-breakpoint
CREATE TABLE "configuration_document" (
	"kind" text NOT NULL,
	"id" text NOT NULL,
	"body" jsonb NOT NULL,
	"version" integer NOT NULL,
	"updated_at" timestamp with time zone DEFAULT now() NOT NULL,
	"updated_by" text NOT NULL,
	CONSTRAINT "configuration_document_kind_id_pk" PRIMARY KEY("kind","id")
);
--> statement-breakpoint
CREATE TABLE "configuration_history" (
	"kind" text NOT NULL,
	"id" text NOT NULL,
	"version" integer NOT NULL,
	"body" jsonb,
	"at" timestamp with time zone DEFAULT now() NOT NULL,
	"by" text NOT NULL,
	CONSTRAINT "configuration_history_kind_id_version_pk" PRIMARY KEY("kind","id","version")
);
--> statement-breakpoint
CREATE TABLE "configuration_version" (
	"one" integer PRIMARY KEY DEFAULT 1 NOT NULL,
	"version" bigint NOT NULL
);
--> statement-breakpoint
CREATE TABLE "review" (
	"id" text PRIMARY KEY NOT NULL,
	"requester" text NOT NULL,
	"target" text NOT NULL,
	"fingerprint" text NOT NULL,
	"state" text NOT NULL,
	"body" jsonb NOT NULL,
	"answers" jsonb NOT NULL,
	"revision" integer DEFAULT 0 NOT NULL,
	"opened_at" timestamp with time zone DEFAULT now() NOT NULL,
	"expires_at" timestamp with time zone NOT NULL,
	"resolved_at" timestamp with time zone,
	"used_at" timestamp with time zone
);
--> statement-breakpoint
CREATE TABLE "sign_in" (
	"sid" text PRIMARY KEY NOT NULL,
	"email" text NOT NULL,
	"name" text NOT NULL,
	"groups" jsonb NOT NULL,
	"created_at" timestamp with time zone DEFAULT now() NOT NULL,
	"expires_at" timestamp with time zone NOT NULL,
	"revoked_at" timestamp with time zone
);
--> statement-breakpoint
CREATE INDEX "audit_event_at" ON "audit_event" USING btree ("at" desc,"chain","seq");--> statement-breakpoint
CREATE INDEX "audit_event_principal" ON "audit_event" USING btree ("principal","at");--> statement-breakpoint
CREATE INDEX "audit_event_target" ON "audit_event" USING btree ("target","at");--> statement-breakpoint
CREATE INDEX "review_state" ON "review" USING btree ("state","opened_at");