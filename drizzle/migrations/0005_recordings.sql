CREATE TABLE "command_line" (
	"principal" text NOT NULL,
	"target" text NOT NULL,
	"hash" text NOT NULL,
	"line" text NOT NULL,
	"at" timestamp with time zone DEFAULT now() NOT NULL,
	CONSTRAINT "command_line_principal_target_hash_pk" PRIMARY KEY("principal","target","hash")
);
--> statement-breakpoint
CREATE TABLE "recording" (
	"session" text PRIMARY KEY NOT NULL,
	"principal" text NOT NULL,
	"target" text NOT NULL,
	"environment" text NOT NULL,
	"started_at" timestamp with time zone NOT NULL,
	"ended_at" timestamp with time zone,
	"bytes" bigint DEFAULT 0 NOT NULL,
	"chunks" integer DEFAULT 0 NOT NULL,
	"commands" integer DEFAULT 0 NOT NULL,
	"digest" text DEFAULT '' NOT NULL
);
--> statement-breakpoint
CREATE TABLE "recording_chunk" (
	"session" text NOT NULL,
	"seq" integer NOT NULL,
	"data" "bytea" NOT NULL,
	CONSTRAINT "recording_chunk_session_seq_pk" PRIMARY KEY("session","seq")
);
--> statement-breakpoint
CREATE INDEX "command_line_newest" ON "command_line" USING btree ("principal","target","at");--> statement-breakpoint
CREATE INDEX "recording_started" ON "recording" USING btree ("started_at");