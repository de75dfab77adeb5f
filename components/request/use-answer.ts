"use client";

import { useCallback, useEffect, useState } from "react";
import type { Problem } from "../../server/contract/http.ts";
import { ask } from "./ask.ts";

export type Loadable<Value> =
  | { readonly state: "loading" }
  | { readonly state: "loaded"; readonly value: Value }
  | { readonly state: "failed"; readonly status: number; readonly error: Problem["error"] };

/** What `path` answers; asked again when `path` or `version` changes. The old answer stays until the new one is there. */
export function useAnswer<Value>(path: string | null, version: unknown = 0): [Loadable<Value>, () => void] {
  const [answer, setAnswer] = useState<{ path: string | null; loadable: Loadable<Value> }>({
    path,
    loadable: { state: "loading" },
  });
  const [attempt, setAttempt] = useState(0);

  // biome-ignore lint/correctness/useExhaustiveDependencies: `version` and `attempt` are reasons to ask again
  useEffect(() => {
    if (path === null) return;
    const abort = new AbortController();
    ask<Value>(path, { signal: abort.signal }).then(
      (result) => {
        if (abort.signal.aborted) return;
        const loadable: Loadable<Value> = result.ok
          ? { state: "loaded", value: result.value }
          : { state: "failed", status: result.status, error: result.error };
        setAnswer({ path, loadable });
      },
      () => {},
    );
    return () => abort.abort();
  }, [path, version, attempt]);

  const again = useCallback(() => setAttempt((count) => count + 1), []);
  return [answer.path === path ? answer.loadable : { state: "loading" }, again];
}
