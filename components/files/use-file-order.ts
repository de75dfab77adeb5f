"use client";

import { useEffect, useRef, useState } from "react";
import type { FileAnswer, FileBody } from "../../server/contract/http.ts";
import type { WireReview } from "../../server/contract/socket.ts";
import { ask } from "../request/ask.ts";
import { useSocket } from "../socket/socket.tsx";

type Granted = Exclude<FileAnswer, { state: "review" }>;

export interface FileOrders {
  /** A review that one of them waits for. */
  readonly waiting: WireReview | null;
  readonly error: string | null;
  readonly busy: boolean;
  /** `then` comes once it is allowed: at once, or after a yes. */
  order(body: FileBody, then: (answer: Granted) => void): void;
  dismiss(): void;
}

/** Asks for a file; where policy asks for a review, waits and asks again after the yes. */
export function useFileOrders(session: string): FileOrders {
  const [pending, setPending] = useState<{ body: FileBody; then: (answer: Granted) => void; review: string | null } | null>(null);
  const [error, setError] = useState<string | null>(null);
  const review = useSocket((state) => (pending?.review == null ? undefined : state.reviews.items[pending.review]));
  const current = useRef(0);

  const send = async (body: FileBody, then: (answer: Granted) => void) => {
    current.current += 1;
    const mine = current.current;
    setError(null);
    setPending({ body, then, review: null });
    const answer = await ask<FileAnswer>(`/api/files/${encodeURIComponent(session)}`, { method: "POST", body });
    if (mine !== current.current) return;
    if (!answer.ok) {
      setPending(null);
      setError(answer.error.message);
    } else if (answer.value.state === "review") setPending({ body, then, review: answer.value.review });
    else {
      setPending(null);
      then(answer.value);
    }
  };

  const state = review?.state;
  // biome-ignore lint/correctness/useExhaustiveDependencies: the review's end is the reason
  useEffect(() => {
    if (pending?.review == null || state === undefined || state === "open") return;
    if (state === "approved") void send({ ...pending.body, review: pending.review }, pending.then);
    else {
      setPending(null);
      setError(`the review was ${state}`);
    }
  }, [state, pending?.review]);

  return {
    waiting: review?.state === "open" ? review : null,
    error,
    busy: pending !== null,
    order: (body, then) => void send(body, then),
    dismiss: () => {
      current.current += 1;
      setPending(null);
      setError(null);
    },
  };
}
