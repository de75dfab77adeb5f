declare const seal: unique symbol;

/**
 * Proof that policy allowed `T` and that the record holds the decision. Runners take nothing else. INVARIANT (choke
 * point): `authorize()` in ./authorize.ts is the only place that makes one; a test reads the sources for others.
 */
export type Authorized<T> = T & { readonly [seal]: true };
