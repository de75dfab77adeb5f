"use client";

import { createContext, useContext } from "react";
import type { Me } from "../../server/contract/http.ts";

export const PersonContext = createContext<Me | null>(null);

/** Who looks at the page and what they may do in it. */
export function usePerson(): Me {
  const me = useContext(PersonContext);
  if (me === null) throw new Error("no person: the component is outside of the frame");
  return me;
}
