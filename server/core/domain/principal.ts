/** Who acts: a person from the identity provider. */
export interface Principal {
  /** The e-mail address, lower-case; what `users:` in a policy names. */
  readonly id: string;
  readonly name: string;
  /** From the groups claim and from `group` documents, sorted, without duplicates. */
  readonly groups: readonly string[];
  readonly attributes: Readonly<Record<string, string>>;
}
