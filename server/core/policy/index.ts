export { type DecisionRequest, decide, permits } from "./decide.ts";
export { exactResource } from "./exact-resource.ts";
export { compilePolicySet, type Issue, type PolicySet } from "./policy-set.ts";
export { protectionFor } from "./protect.ts";
export { targetFits } from "./selector.ts";
