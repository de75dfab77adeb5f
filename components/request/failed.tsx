"use client";

import { Button } from "@mantine/core";
import type { Problem } from "../../server/contract/http.ts";
import { Condition } from "../condition/condition.tsx";

/** A request that was refused or got lost: what, why, what now. */
export function Failed(props: { what: string; status: number; error: Problem["error"]; again: () => void }) {
  if (props.status === 401) {
    return (
      <Condition kind="forbidden" title="You are signed out" what={props.error.message}>
        <Button component="a" href="/sign-in">
          Sign in
        </Button>
      </Condition>
    );
  }
  if (props.status === 403)
    return <Condition kind="forbidden" title={`You may not see ${props.what}`} what={props.error.message} />;
  return (
    <Condition
      kind={props.status === 0 ? "offline" : "error"}
      title={props.status === 404 ? `There is no such thing: ${props.what}` : `Cannot show ${props.what}`}
      what={props.error.message}
    >
      <Button variant="default" onClick={props.again}>
        Try again
      </Button>
    </Condition>
  );
}
