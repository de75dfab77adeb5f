"use client";

import { Button, Select, TextInput } from "@mantine/core";
import { useDebouncedValue } from "@mantine/hooks";
import { ShieldCheck, ShieldX } from "lucide-react";
import { Fragment, useState } from "react";
import type { RecordPage as Page, RecordItem, RecordVerification } from "../../server/contract/http.ts";
import { AUDIT_TYPES } from "../../server/contract/vocabulary.ts";
import { Condition, Skeleton } from "../condition/condition.tsx";
import { ask } from "../request/ask.ts";
import { Failed } from "../request/failed.tsx";
import { useAnswer } from "../request/use-answer.ts";
import { counted } from "../theme/time.ts";
import { TimeAgo } from "../theme/time-ago.tsx";
import { OutcomeMark } from "../verdict/outcome-mark.tsx";
import { type Filters, NO_FILTERS, queryOf } from "./filters.ts";
import classes from "./record.module.css";

/** Who did what to what, and who let them. */
export function RecordPage() {
  const [filters, setFilters] = useState<Filters>(NO_FILTERS);
  const [settled] = useDebouncedValue(filters, 250);
  const [before, setBefore] = useState<readonly string[]>([]);
  const [page, again] = useAnswer<Page>(`/api/record?${queryOf(settled, before.at(-1) ?? null)}`);
  const [opened, setOpened] = useState<string | null>(null);

  const change = (part: Partial<Filters>) => {
    setFilters({ ...filters, ...part });
    setBefore([]);
  };
  return (
    <div className={classes.page} data-record-page>
      <header className={classes.head}>
        <h1>Record</h1>
        <Verification />
      </header>
      <form className={classes.filters} aria-label="filters" onSubmit={(event) => event.preventDefault()}>
        <TextInput
          aria-label="text"
          placeholder="Statement, table, column, program"
          value={filters.text}
          onChange={(event) => change({ text: event.currentTarget.value })}
        />
        <TextInput
          aria-label="principal"
          placeholder="Principal"
          value={filters.principal}
          onChange={(event) => change({ principal: event.currentTarget.value })}
        />
        <TextInput
          aria-label="target"
          placeholder="Target"
          value={filters.target}
          onChange={(event) => change({ target: event.currentTarget.value })}
        />
        <Select
          aria-label="type"
          placeholder="Type"
          clearable
          searchable
          data={[...AUDIT_TYPES]}
          value={filters.type}
          onChange={(type) => change({ type })}
        />
        <Select
          aria-label="outcome"
          placeholder="Outcome"
          clearable
          data={[
            { value: "allow", label: "✓ allowed" },
            { value: "review", label: "◔ needs review" },
            { value: "deny", label: "✕ denied" },
          ]}
          value={filters.outcome}
          onChange={(outcome) =>
            change({ outcome: outcome === "allow" || outcome === "review" || outcome === "deny" ? outcome : null })
          }
        />
        <TextInput
          aria-label="from"
          type="datetime-local"
          value={filters.from}
          onChange={(event) => change({ from: event.currentTarget.value })}
        />
        <TextInput
          aria-label="until"
          type="datetime-local"
          value={filters.until}
          onChange={(event) => change({ until: event.currentTarget.value })}
        />
        <Button variant="default" onClick={() => change(NO_FILTERS)} disabled={filters === NO_FILTERS}>
          Clear
        </Button>
      </form>
      <div className={classes.body}>
        {page.state === "loading" ? <Skeleton label="the record" lines={10} /> : null}
        {page.state === "failed" ? <Failed what="the record" status={page.status} error={page.error} again={again} /> : null}
        {page.state === "loaded" && page.value.items.length === 0 ? (
          <Condition
            kind="empty"
            title="Nothing on the record matches"
            what="Loosen a filter. What happened stays on the record; nothing is ever removed."
          />
        ) : null}
        {page.state === "loaded" && page.value.items.length > 0 ? (
          <table className={classes.table}>
            <thead>
              <tr>
                <th scope="col">When</th>
                <th scope="col">Who</th>
                <th scope="col">Type</th>
                <th scope="col">Target</th>
                <th scope="col">Outcome</th>
                <th scope="col">Statement</th>
              </tr>
            </thead>
            <tbody>
              {page.value.items.map((item) => {
                const key = `${item.chain} ${item.seq}`;
                return (
                  <Fragment key={key}>
                    <Row item={item} opened={opened === key} onToggle={() => setOpened(opened === key ? null : key)} />
                    {opened === key ? <Details item={item} /> : null}
                  </Fragment>
                );
              })}
            </tbody>
          </table>
        ) : null}
      </div>
      <footer className={classes.pager}>
        <Button variant="default" size="compact-xs" disabled={before.length === 0} onClick={() => setBefore(before.slice(0, -1))}>
          Newer
        </Button>
        <span>page {before.length + 1}</span>
        <Button
          variant="default"
          size="compact-xs"
          disabled={page.state !== "loaded" || page.value.next === null}
          onClick={() => page.state === "loaded" && page.value.next !== null && setBefore([...before, page.value.next])}
          data-older
        >
          Older
        </Button>
        <Button variant="subtle" size="compact-xs" onClick={again}>
          Refresh
        </Button>
      </footer>
    </div>
  );
}

function Row({ item, opened, onToggle }: { item: RecordItem; opened: boolean; onToggle: () => void }) {
  const outcome = item.outcome === "allow" || item.outcome === "review" || item.outcome === "deny" ? item.outcome : null;
  return (
    <tr
      data-event={item.type}
      data-seq={item.seq}
      data-outcome={item.outcome ?? undefined}
      data-opened={opened || undefined}
      onClick={onToggle}
    >
      <td>
        <button
          type="button"
          className={classes.when}
          aria-expanded={opened}
          onClick={(event) => {
            event.stopPropagation();
            onToggle();
          }}
        >
          <TimeAgo at={item.at} />
        </button>
      </td>
      <td>{item.principal}</td>
      <td className={classes.type}>{item.type}</td>
      <td>{item.target}</td>
      <td>{outcome === null ? (item.outcome ?? "") : <OutcomeMark meaning={outcome} />}</td>
      <td className={classes.statement}>
        <code>{item.statement}</code>
      </td>
    </tr>
  );
}

function Details({ item }: { item: RecordItem }) {
  return (
    <tr className={classes.details}>
      <td colSpan={6}>
        <dl>
          <dt>When</dt>
          <dd>{new Date(item.at).toLocaleString(undefined, { dateStyle: "full", timeStyle: "long" })}</dd>
          <dt>Place</dt>
          <dd>
            number {item.seq.toLocaleString("en")} of chain <code>{item.chain}</code>
          </dd>
          {item.session === "" ? null : (
            <>
              <dt>Session</dt>
              <dd>
                <code>{item.session}</code>
              </dd>
            </>
          )}
          <dt>Hash</dt>
          <dd>
            <code>{item.hash}</code>
          </dd>
        </dl>
        {item.statement === null ? null : <pre>{item.statement}</pre>}
        <pre data-event-body>{JSON.stringify(item.body, null, 2)}</pre>
      </td>
    </tr>
  );
}

/** Recomputes every link: proves that nothing was changed, removed or reordered. */
function Verification() {
  const [state, setState] = useState<
    { at: "idle" | "busy" } | { at: "done"; result: RecordVerification } | { at: "failed"; message: string }
  >({ at: "idle" });
  const verify = async () => {
    setState({ at: "busy" });
    const result = await ask<RecordVerification>("/api/record/verify", { method: "POST", body: {} });
    setState(result.ok ? { at: "done", result: result.value } : { at: "failed", message: result.error.message });
  };
  return (
    <div className={classes.verification} aria-live="polite">
      {state.at === "done" ? (
        <span data-verification={state.result.intact ? "intact" : "broken"} data-meaning={state.result.intact ? "allow" : "deny"}>
          {state.result.intact ? <ShieldCheck size={15} aria-hidden /> : <ShieldX size={15} aria-hidden />}
          {state.result.intact
            ? `Intact: ${counted(state.result.events, "event")} in ${counted(state.result.chains, "chain")}`
            : `Broken: ${state.result.findings.join("; ")}`}
        </span>
      ) : null}
      {state.at === "failed" ? <span data-meaning="deny">{state.message}</span> : null}
      <Button variant="default" loading={state.at === "busy"} onClick={() => void verify()} data-verify>
        Verify the chain
      </Button>
    </div>
  );
}
