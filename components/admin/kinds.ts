/** Kinds of documents, in the order in which they are thought about; with what a new one begins as. */
export const KINDS = [
  {
    kind: "policy",
    name: "Policies",
    what: "who may do what to which table, column and command",
    template: `kind: policy
id: new-policy
description: Say in one sentence what it is for
effect: review        # permit | review | forbid
principals: { groups: [engineers] }
actions: [sql:update, sql:delete]
resources:
  targets: { environment: prod }
obligations:
  approvals: 1
  expireAfter: 30m
`,
  },
  {
    kind: "mask",
    name: "Masks",
    what: "how a column's value is replaced",
    template: `kind: mask
id: new-mask
description: Say what is hidden and why
tags: [pii.email]
mask: { type: partial-email }
`,
  },
  {
    kind: "classification",
    name: "Classifications",
    what: "tags on columns, that masks and policies can name",
    template: `kind: classification
id: new-classification
target: "*"
columns: ["*.*.email"]
tag: pii.email
`,
  },
  {
    kind: "row-filter",
    name: "Row filters",
    what: "which rows someone sees",
    template: `kind: row-filter
id: new-row-filter
target: shop
table: public.orders
where: region = 'eu'
principals: { groups: [engineers] }
`,
  },
  {
    kind: "detector",
    name: "Detectors",
    what: "finds a kind of secret in free text",
    template: `kind: detector
id: new-detector
literal: sk_live_
pattern: 'sk_live_[A-Za-z0-9]{16,}'
mask: { keep: 4 }
`,
  },
  {
    kind: "target",
    name: "Targets",
    what: "databases and hosts that Gatehouse reaches",
    template: `kind: target
id: new-target
description: What it is
environment: staging
type: postgres
postgres:
  host: db.internal
  port: 5432
  database: shop
  user: gatehouse
  password: { env: SHOP_PASSWORD }
  tls: verify
`,
  },
  {
    kind: "notification",
    name: "Notifications",
    what: "tell of reviews by webhook or e-mail",
    template: `kind: notification
id: new-notification
events: [review.opened]
webhook:
  url: https://hooks.example.com/gatehouse
  secret: { env: HOOK_SECRET }
`,
  },
  {
    kind: "group",
    name: "Groups",
    what: "people, beside the groups of the identity provider",
    template: `kind: group
id: new-group
members: [someone@example.com]
`,
  },
] as const;
