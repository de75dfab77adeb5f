"use client";

import { Button } from "@mantine/core";
import { Condition } from "../components/condition/condition.tsx";

/** What a page shows when it could not be made. The cause is in the gateway's log under `digest`, not here. */
export default function PageFailed({ error, reset }: { error: Error & { digest?: string }; reset: () => void }) {
  return (
    <Condition
      kind="error"
      title="This page could not be shown"
      what={`The gateway failed while making it${error.digest === undefined ? "" : ` (log entry ${error.digest})`}. Nothing of yours was run.`}
    >
      <Button onClick={reset}>Try again</Button>
    </Condition>
  );
}
