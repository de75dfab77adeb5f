"use client";

import { Button } from "@mantine/core";
import { signIn } from "next-auth/react";
import { useState } from "react";
import { Mark } from "./mark.tsx";
import classes from "./sign-in.module.css";

const FAILURE: Readonly<Record<string, string>> = {
  AccessDenied: "The identity provider knows you, but gave no e-mail address that it vouches for.",
  OAuthSignin: "The identity provider could not be reached.",
  OAuthCallback: "The identity provider's answer was not accepted. Try again.",
};

export function SignIn({ to, failed }: { to: string; failed: string | null }) {
  const [leaving, setLeaving] = useState(false);
  return (
    <main className={classes.page}>
      <div className={classes.card}>
        <div className={classes.brand}>
          <Mark size={40} />
          <h1>Gatehouse</h1>
        </div>
        <p>
          A terminal and SQL workbench for production. Every command and statement is judged before it runs, what must not be seen
          is masked, what is risky waits for a second person, and all of it is on the record.
        </p>
        {failed === null ? null : (
          <p role="alert" className={classes.failed} data-sign-in-failed={failed}>
            You are not signed in. {FAILURE[failed] ?? "The sign-in did not succeed. Try again."}
          </p>
        )}
        <Button
          size="sm"
          fullWidth
          loading={leaving}
          data-sign-in
          onClick={() => {
            setLeaving(true);
            void signIn("gatehouse", { callbackUrl: to }).catch(() => setLeaving(false));
          }}
        >
          Sign in with your company account
        </Button>
      </div>
    </main>
  );
}
