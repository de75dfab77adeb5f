import { z } from "zod";

/** As `principal.attributes.NAME` can be written in a row filter, then the claim where it has another name. */
const ATTRIBUTE = /^[a-z_][a-zA-Z0-9_]*(=\S+)?$/;

/**
 * The only reader of the process's environment. Parsed once; nonsense refuses to start with a text that names the
 * variable. Absent everywhere: what suits trying Gatehouse on one's own machine.
 */
const Environment = z.object({
  /** The store. Absent: an embedded PostgreSQL in the data folder. */
  DATABASE_URL: z
    .string()
    .regex(/^postgres(ql)?:\/\//, "is not an address such as `postgresql://user:password@host/database`")
    .optional(),
  /** At least 32 characters; every key is derived from it. Absent: made once and kept in the data folder. */
  GATEHOUSE_SECRET: z.string().min(32, "needs at least 32 characters, for instance from `openssl rand -base64 48`").optional(),
  GATEHOUSE_DATA: z.string().min(1).default(".data"),
  GATEHOUSE_HOST: z.string().min(1).default("127.0.0.1"),
  PORT: z.coerce.number().int().min(0).max(65_535).default(4040),
  /** What browsers see. Absent: `http://localhost:PORT`. */
  GATEHOUSE_PUBLIC_URL: z.url({ protocol: /^https?$/ }).optional(),
  OIDC_ISSUER: z.url({ protocol: /^https?$/ }).optional(),
  OIDC_CLIENT_ID: z.string().min(1).optional(),
  OIDC_CLIENT_SECRET: z.string().min(1).optional(),
  OIDC_SCOPE: z.string().min(1).default("openid email profile groups"),
  OIDC_GROUPS_CLAIM: z.string().min(1).default("groups"),
  /** Claims that become `principal.attributes`, with commas: `region,cost_center=https://acme.test/cost-center`. */
  OIDC_ATTRIBUTES: z
    .string()
    .default("")
    .transform((text) =>
      text
        .split(",")
        .map((entry) => entry.trim())
        .filter(Boolean),
    )
    .pipe(z.array(z.string().regex(ATTRIBUTE, "takes names such as `region`, or `name=claim`")))
    .transform((entries) =>
      Object.fromEntries(entries.map((entry) => [entry.split("=", 1)[0] ?? entry, entry.slice(entry.indexOf("=") + 1)])),
    ),
  /** Members of this group may administer from the first start on. */
  GATEHOUSE_ADMIN_GROUP: z.string().min(1).default("gatehouse-admins"),
  /** Where checkpoints of the record are appended outside the database. */
  GATEHOUSE_CHECKPOINTS: z.string().min(1).optional(),
  /** Hours that a sign-in lasts. */
  GATEHOUSE_SIGN_IN_HOURS: z.coerce.number().min(0.1).max(168).default(12),
  /** Days that what terminals showed is kept. Absent: for ever. */
  GATEHOUSE_RECORDING_DAYS: z.coerce.number().min(1).max(36_500).optional(),
  NODE_ENV: z.string().default("production"),
});

export type Config = z.infer<typeof Environment>;

export class ConfigError extends Error {}

export function readConfig(environment: Readonly<Record<string, string | undefined>> = process.env): Config {
  const given = Object.fromEntries(Object.entries(environment).filter(([, value]) => value !== ""));
  const parsed = Environment.safeParse(given);
  if (parsed.success) return parsed.data;
  throw new ConfigError(
    parsed.error.issues.map((issue) => `environment variable \`${issue.path.join(".")}\`: ${issue.message}`).join("\n"),
  );
}

/** Names that a target's credential may not read: they are the gateway's own. */
export const OWN_VARIABLES = /^(GATEHOUSE_|OIDC_|NEXTAUTH_|DATABASE_URL$)/;
