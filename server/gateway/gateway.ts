import type {
  AccessRequestBody,
  BlastRadiusReport,
  ConfigurationBody,
  ConfigurationList,
  ConfigurationResult,
  DeadNotifications,
  FileAnswer,
  FileBody,
  FileList,
  FoundBody,
  MaskPreview,
  MaskPreviewBody,
  Me,
  PeopleList,
  PersonBody,
  RecordingList,
  RecordingPart,
  RecordingQuery,
  RecordingVerification,
  RecordPage,
  RecordQuery,
  RecordVerification,
  ReviewAnswerBody,
  ReviewContext,
  ReviewList,
  SettleBody,
  TargetItem,
  TargetTree,
} from "../contract/http.ts";
import type { WireReview } from "../contract/socket.ts";
import type { SessionList } from "../contract/watch.ts";
import type { Principal } from "../core/domain/principal.ts";
import type { FileContent } from "./file-downloads.ts";

/** A refusal that a caller shows as it is. `code` decides the HTTP status: no `instanceof` across Next's bundle. */
export type VerbErrorCode = "not-found" | "forbidden" | "invalid" | "conflict" | "unavailable";

/** What `app` may ask of the gateway. Each verb checks what the principal may do and writes the record. */
export interface GatewayVerbs {
  me(principal: Principal): Me;
  targets(principal: Principal): readonly TargetItem[];
  tree(principal: Principal, target: string): Promise<TargetTree>;
  reviews(principal: Principal, state: "open" | "all"): Promise<ReviewList>;
  review(principal: Principal, id: string): Promise<WireReview>;
  answerReview(principal: Principal, id: string, answer: ReviewAnswerBody): Promise<WireReview>;
  commentReview(principal: Principal, id: string, text: string): Promise<WireReview>;
  escalateReview(principal: Principal, id: string, group: string): Promise<WireReview>;
  withdrawReview(principal: Principal, id: string): Promise<WireReview>;
  reviewContext(principal: Principal, id: string): Promise<ReviewContext>;
  blastRadius(principal: Principal, id: string): Promise<BlastRadiusReport>;
  settleRun(principal: Principal, id: string, body: SettleBody): Promise<WireReview>;
  foundRun(principal: Principal, id: string, body: FoundBody): Promise<WireReview>;
  sessions(principal: Principal): Promise<SessionList>;
  commentSession(principal: Principal, id: string, text: string): Promise<void>;
  terminateSession(principal: Principal, id: string, reason: string): Promise<void>;
  requestAccess(principal: Principal, body: AccessRequestBody): Promise<WireReview>;
  endGrant(principal: Principal, id: string): Promise<WireReview>;
  people(principal: Principal): Promise<PeopleList>;
  changePerson(principal: Principal, body: PersonBody): Promise<PeopleList>;
  deadNotifications(principal: Principal): Promise<DeadNotifications>;
  retryNotification(principal: Principal, id: string): Promise<void>;
  configuration(principal: Principal): Promise<ConfigurationList>;
  validateConfiguration(principal: Principal, body: ConfigurationBody): Promise<ConfigurationResult>;
  previewMask(principal: Principal, body: MaskPreviewBody): Promise<MaskPreview>;
  saveConfiguration(principal: Principal, body: ConfigurationBody): Promise<ConfigurationResult>;
  deleteConfiguration(principal: Principal, kind: string, id: string): Promise<ConfigurationResult>;
  record(principal: Principal, query: RecordQuery): Promise<RecordPage>;
  files(principal: Principal, session: string, path: string): Promise<FileList>;
  askFile(principal: Principal, session: string, body: FileBody): Promise<FileAnswer>;
  /** Ends with an error when policy no longer allows it. */
  fileContent(
    principal: Principal,
    ticket: string,
    rest: { readonly from: number; readonly version: string | null },
  ): Promise<FileContent>;
  putFile(
    principal: Principal,
    ticket: string,
    offset: number,
    bytes: Uint8Array,
  ): Promise<{ readonly at: number; readonly done: boolean }>;
  recordings(principal: Principal, query: RecordingQuery): Promise<RecordingList>;
  recordingPart(principal: Principal, session: string, part: number): Promise<RecordingPart>;
  verifyRecording(principal: Principal, session: string): Promise<RecordingVerification>;
  verifyRecord(principal: Principal): Promise<RecordVerification>;
}

/** What `main.ts` installs on `globalThis` and `app/gateway.ts` hands out. */
export interface Installed {
  readonly verbs: GatewayVerbs;
  /** The principal of a live, unrevoked sign-in; null otherwise. `cookies` is the request's cookie header. */
  readonly identify: (cookies: string | null) => Promise<Principal | null>;
  readonly identity: {
    /** Called by next-auth after the provider's answer was checked; returns the new sign-in's identifier (`sid`). */
    readonly signIn: (profile: {
      readonly email: string;
      readonly name: string;
      readonly groups: readonly string[];
      readonly attributes: Readonly<Record<string, string>>;
    }) => Promise<string>;
    readonly signOut: (sid: string) => Promise<void>;
    readonly provider: {
      readonly wellKnown: string;
      readonly clientId: string;
      readonly clientSecret: string;
      readonly scope: string;
      readonly groupsClaim: string;
      /** Attribute's name → the claim that holds it. */
      readonly attributeClaims: Readonly<Record<string, string>>;
    };
    readonly secret: string;
  };
  readonly publicUrl: string;
}
