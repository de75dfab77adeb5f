"use client";

import { SegmentedControl, Select, TextInput } from "@mantine/core";
import { useVirtualizer } from "@tanstack/react-virtual";
import { Search } from "lucide-react";
import { usePathname } from "next/navigation";
import { useEffect, useMemo, useRef, useState } from "react";
import type { ReviewList } from "../../server/contract/http.ts";
import type { WireReview } from "../../server/contract/socket.ts";
import { Condition, Skeleton } from "../condition/condition.tsx";
import { Failed } from "../request/failed.tsx";
import { useAnswer } from "../request/use-answer.ts";
import { useSocket } from "../socket/socket.tsx";
import { clock } from "../theme/time.ts";
import { TimeAgo, useNow } from "../theme/time-ago.tsx";
import { AnnounceSettings } from "./announce.tsx";
import { inOrder, isPending, merged, type Sort, siblingsOf } from "./order.ts";
import { ReviewDetail } from "./review-detail.tsx";
import classes from "./reviews-page.module.css";
import { isUnsettled } from "./run-words.ts";

const SORTS = [
  { value: "waiting", label: "Longest waiting" },
  { value: "expiry", label: "Soonest to expire" },
  { value: "target", label: "By target" },
] as const satisfies readonly { readonly value: Sort; readonly label: string }[];
const KINDS = [
  { value: "every", label: "Every kind" },
  { value: "sql", label: "SQL" },
  { value: "shell", label: "Commands" },
  { value: "access", label: "Access" },
  { value: "glass", label: "Broken glass" },
] as const satisfies readonly { readonly value: WireReview["kind"] | "every"; readonly label: string }[];

/** What waits for a second pair of eyes: the list, and one of it large. The address says which; else the first. */
export function ReviewsPage() {
  const selected = usePathname().split("/")[2] ?? null;
  const live = useSocket((state) => state.reviews.items);
  const [show, setShow] = useState<"open" | "all">("open");
  const [filter, setFilter] = useState("");
  // INVARIANT (no review changes under the hand): what is shown stays until the person chooses another, even when a new
  // one comes before it in the list or it is answered; else `a` could approve what was never read.
  const [held, setHeld] = useState<string | null>(null);
  const [asked, again] = useAnswer<ReviewList>(`/api/reviews?state=${show}`);

  const text = filter.trim().toLowerCase();
  const [sort, setSort] = useState<Sort>("waiting");
  const [kind, setKind] = useState<WireReview["kind"] | "every">("every");
  const loaded = asked.state === "loaded" ? asked.value.reviews : NONE;
  const all = useMemo(() => inOrder(merged(loaded, live), sort), [loaded, live, sort]);
  const listed = all.filter(
    (review) =>
      (show === "all" || isPending(review) || review.id === selected || review.id === held) &&
      (kind === "every" || review.kind === kind || review.id === held) &&
      (text === "" || `${review.statement} ${review.requester} ${review.target}`.toLowerCase().includes(text)),
  );
  const current = selected ?? held ?? listed[0]?.id ?? null;
  useEffect(() => {
    if (held === null && current !== null) setHeld(current);
  }, [held, current]);

  useEffect(() => {
    const onKeyDown = (event: KeyboardEvent) => {
      if (event.ctrlKey || event.metaKey || event.altKey || isField(event.target)) return;
      const step = { j: 1, k: -1 }[event.key];
      if (step === undefined) return;
      const index = listed.findIndex((review) => review.id === current);
      const next = listed[Math.max(0, Math.min(listed.length - 1, index + step))];
      if (next !== undefined) goTo(`/reviews/${next.id}`);
      event.preventDefault();
    };
    window.addEventListener("keydown", onKeyDown);
    return () => window.removeEventListener("keydown", onKeyDown);
  });

  return (
    <div className={classes.page} data-reviews-page data-detail={selected !== null || undefined}>
      <section className={classes.list} aria-label="reviews">
        <header>
          <h1>Reviews</h1>
          <SegmentedControl
            size="xs"
            aria-label="which reviews"
            value={show}
            onChange={(value) => setShow(value === "all" ? "all" : "open")}
            data={[
              { value: "open", label: "Open" },
              { value: "all", label: "All" },
            ]}
          />
        </header>
        <TextInput
          className={classes.search}
          aria-label="search in reviews"
          placeholder="Statement, person or target"
          leftSection={<Search size={13} aria-hidden />}
          value={filter}
          onChange={(event) => setFilter(event.currentTarget.value)}
        />
        <div className={classes.tools}>
          <Select
            size="xs"
            aria-label="order"
            allowDeselect={false}
            value={sort}
            onChange={(value) => setSort(SORTS.find((each) => each.value === value)?.value ?? "waiting")}
            data={[...SORTS]}
          />
          <Select
            size="xs"
            aria-label="kind of review"
            allowDeselect={false}
            value={kind}
            onChange={(value) => setKind(KINDS.find((each) => each.value === value)?.value ?? "every")}
            data={[...KINDS]}
          />
        </div>
        {asked.state === "loading" && all.length === 0 ? <Skeleton label="reviews" /> : null}
        {asked.state === "failed" && all.length === 0 ? (
          <Failed what="the reviews" status={asked.status} error={asked.error} again={again} />
        ) : null}
        {asked.state === "loaded" && listed.length === 0 ? (
          <Condition
            kind="empty"
            title={text === "" ? "Nothing waits" : "Nothing matches"}
            what={
              text === ""
                ? "A statement that needs a second pair of eyes appears here by itself."
                : "Search for something else, or look at all."
            }
          />
        ) : null}
        <List listed={listed} current={current} />
        <footer>
          <kbd>j</kbd> <kbd>k</kbd> next, previous · <kbd>a</kbd> approve · <kbd>r</kbd> reject · <kbd>c</kbd> comment
          <AnnounceSettings />
        </footer>
      </section>
      <section className={classes.detail} aria-label="review">
        {current === null ? (
          <Condition kind="empty" title="Choose a review" what="It is shown here with what it would do, marked in its text." />
        ) : (
          <OneReview
            key={current}
            id={current}
            known={all.find((review) => review.id === current)}
            all={all}
            onBack={() => goTo("/reviews")}
          />
        )}
      </section>
    </div>
  );
}

const NONE: readonly WireReview[] = [];

/** The server has nothing to say to it. */
function goTo(path: string): void {
  window.history.replaceState(null, "", path);
}

const ITEM_HEIGHT = 73;

/** Of hundreds of reviews those in sight are in the page. */
function List({ listed, current }: { listed: readonly WireReview[]; current: string | null }) {
  const viewport = useRef<HTMLDivElement>(null);
  const virtual = useVirtualizer({
    count: listed.length,
    getScrollElement: () => viewport.current,
    getItemKey: (index) => listed[index]?.id ?? index,
    estimateSize: () => ITEM_HEIGHT,
    overscan: 8,
  });
  const index = listed.findIndex(({ id }) => id === current);
  const isListed = index !== -1;
  // biome-ignore lint/correctness/useExhaustiveDependencies: what comes before it in the list is no reason to scroll
  useEffect(() => {
    if (isListed) virtual.scrollToIndex(index, { align: "auto" });
  }, [virtual, current, isListed]);
  return (
    <div ref={viewport} className={classes.items}>
      <ul style={{ height: virtual.getTotalSize() }}>
        {virtual.getVirtualItems().map(({ key, index: at, start }) => {
          const review = listed[at];
          return review === undefined ? null : (
            <li
              key={key}
              data-index={at}
              ref={virtual.measureElement}
              aria-setsize={listed.length}
              aria-posinset={at + 1}
              style={{ transform: `translateY(${start}px)` }}
            >
              <Item review={review} chosen={review.id === current} />
            </li>
          );
        })}
      </ul>
    </div>
  );
}

function Item({ review, chosen }: { review: WireReview; chosen: boolean }) {
  return (
    <button
      type="button"
      className={classes.item}
      data-review={review.id}
      data-review-state={review.state}
      data-environment={review.environment}
      aria-current={chosen || undefined}
      onClick={() => goTo(`/reviews/${review.id}`)}
    >
      <span className={classes.who}>
        {review.requester}
        <TimeAgo at={review.openedAt} />
      </span>
      <code>{review.statement}</code>
      <span className={classes.where}>
        <b>{review.environment}</b> {review.target}
        <StateWord review={review} />
      </span>
    </button>
  );
}

function OneReview(props: { id: string; known: WireReview | undefined; all: readonly WireReview[]; onBack: () => void }) {
  const { id, known, onBack } = props;
  const [asked, again] = useAnswer<WireReview>(`/api/reviews/${encodeURIComponent(id)}`);
  const [answered, setAnswered] = useState<WireReview | null>(null);
  const review = newest(answered, known) ?? (asked.state === "loaded" ? asked.value : null);
  if (review !== null) {
    const siblings = siblingsOf(review, props.all);
    return <ReviewDetail review={review} siblings={siblings} onAnswered={setAnswered} onBack={onBack} />;
  }
  if (asked.state === "failed") return <Failed what="this review" status={asked.status} error={asked.error} again={again} />;
  return <Skeleton label="the review" />;
}

/** The answer to our own request can be older than what came live since. */
function newest(answered: WireReview | null, known: WireReview | undefined): WireReview | null {
  if (answered === null || known === undefined) return answered ?? known ?? null;
  const said = (review: WireReview) => review.answers.length + review.comments.length + review.escalations.length;
  if (known.state !== "open" || said(known) > said(answered)) return known;
  return answered;
}

/** A review of broken glass ages where it is seen. */
function TimeLeft({ at }: { at: number }) {
  const now = useNow(30_000);
  return now < at ? `glass: close in ${clock(at - now)}` : `glass: overdue ${clock(now - at)}`;
}

function StateWord({ review }: { review: WireReview }) {
  const unsettled = review.runs.find(isUnsettled);
  if (unsettled !== undefined)
    return <i data-state="yours">{unsettled.state === "unknown" ? "not known whether it ran" : "held"}</i>;
  if (review.kind === "glass" && review.state === "open")
    return (
      <i data-state="rejected" data-glass-review>
        <TimeLeft at={review.expiresAt} />
      </i>
    );
  if (review.state !== "open") return <i data-state={review.state}>{review.state}</i>;
  return review.mayAnswer ? <i data-state="yours">needs you</i> : <i data-state="open">{review.mayNotAnswerBecause ?? "open"}</i>;
}

export function isField(target: EventTarget | null): boolean {
  return target instanceof HTMLElement && (target.isContentEditable || ["INPUT", "TEXTAREA", "SELECT"].includes(target.tagName));
}
