CREATE TABLE "terminal_tab" (
	"principal" text NOT NULL,
	"target" text NOT NULL,
	"tab" text NOT NULL,
	"place" jsonb NOT NULL,
	"at" timestamp with time zone DEFAULT now() NOT NULL,
	CONSTRAINT "terminal_tab_principal_target_tab_pk" PRIMARY KEY("principal","target","tab")
);
--> statement-breakpoint
CREATE INDEX "terminal_tab_at" ON "terminal_tab" USING btree ("at");