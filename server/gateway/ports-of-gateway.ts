import type { Notifier } from "./delivery.ts";
import type { LiveConfiguration } from "./live-configuration.ts";
import type { AuditLog, Clock, SecretStore, ShellConnector, SqlConnector, SqlParser } from "./ports.ts";
import type { Standing } from "./standing.ts";
import type {
  ChangeFeed,
  ConfigurationStore,
  GrantStore,
  HistoryStore,
  NotificationStore,
  PeopleStore,
  PresenceStore,
  RecordingStore,
  RecordReader,
  ReviewStore,
  RunStore,
  SignInStore,
  TerminalTabStore,
  WatchStore,
} from "./store-ports.ts";

/** Everything that the gateway needs of the world; made by main.ts. */
export interface GatewayPorts {
  readonly clock: Clock;
  /** A new identifier nobody can guess. */
  readonly identifier: () => string;
  readonly sha256: (text: string) => string;
  readonly audit: AuditLog;
  readonly record: RecordReader;
  readonly configurations: ConfigurationStore;
  readonly reviews: ReviewStore;
  readonly grants: GrantStore;
  readonly runs: RunStore;
  readonly presence: PresenceStore;
  readonly watches: WatchStore;
  readonly people: PeopleStore;
  readonly notifications: NotificationStore;
  readonly notifier: Notifier;
  /** Where links lead; null: nobody serves pages here, and nothing is delivered. */
  readonly publicUrl: string | null;
  readonly recordings: RecordingStore;
  /** So long they are kept, in days; null: for ever. */
  readonly recordingDays: number | null;
  readonly histories: HistoryStore;
  readonly terminalTabs: TerminalTabStore;
  readonly signIns: SignInStore;
  readonly changes: ChangeFeed;
  readonly secrets: SecretStore;
  readonly parser: SqlParser;
  readonly sql: SqlConnector;
  readonly shell: ShellConnector;
  /** Checks an Ed25519 signature; base64 throughout. */
  readonly verifySignature: (text: string, signature: string, publicKey: string) => boolean;
  /** The gateway's own public key, base64; a checkpoint signed by another is a finding. */
  readonly publicKey: string;
  /** Key of the pseudonym mask. Never in SQL text, logs or an answer. */
  readonly maskKey: string;
  /** For the operator's log. Never holds data of a target. */
  readonly log: (line: string) => void;
}

/** The ports with the configuration and the grants that hold now: what every verb works with. */
export interface Context extends GatewayPorts {
  readonly configuration: LiveConfiguration;
  /** Timed grants that hold, and people who are shut out. */
  readonly standing: Standing;
}
