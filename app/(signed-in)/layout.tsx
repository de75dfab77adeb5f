import type { ReactNode } from "react";
import { Frame } from "../../components/frame/frame.tsx";
import { me } from "../principal.ts";

export default async function SignedIn({ children }: { children: ReactNode }) {
  return <Frame me={await me()}>{children}</Frame>;
}
