"use client";

import { Button, Modal, MultiSelect, TextInput } from "@mantine/core";
import Link from "next/link";
import { useState } from "react";
import type { TargetItem } from "../../server/contract/http.ts";
import type { WireBroadcast } from "../../server/contract/socket.ts";
import { useSocket, useSocketStore } from "../socket/socket.tsx";
import { duration } from "../theme/time.ts";
import { OutcomeMark } from "../verdict/outcome-mark.tsx";
import classes from "./broadcast.module.css";

/** One line on several hosts: judged, reviewed and recorded on each; what came of it in a table. */
export function Broadcast({ hosts, onClose }: { hosts: readonly TargetItem[]; onClose: () => void }) {
  const store = useSocketStore();
  const known = useSocket((state) => state.broadcast);
  const [chosen, setChosen] = useState<string[]>([]);
  const [line, setLine] = useState("");
  const [request, setRequest] = useState<string | null>(null);
  const mine = known !== null && known.request === request ? known : null;
  const rows = mine === null ? [] : Object.values(mine.targets);
  const running = rows.some((row) => row.state !== "ended") || (mine !== null && rows.length === 0);
  const run = () => {
    const next = crypto.randomUUID();
    if (store.send({ type: "broadcast.run", request: next, targets: chosen, line })) setRequest(next);
  };
  const stop = () => mine !== null && store.send({ type: "broadcast.stop", request: mine.request });
  return (
    <Modal
      opened
      onClose={() => {
        stop();
        onClose();
      }}
      size="xl"
      title="One line on several hosts"
      closeOnClickOutside={!running}
    >
      <form
        className={classes.form}
        data-broadcast
        onSubmit={(event) => {
          event.preventDefault();
          if (!running && chosen.length > 0 && line.trim() !== "") run();
        }}
      >
        <MultiSelect
          label="Hosts"
          placeholder={chosen.length === 0 ? "Choose hosts" : ""}
          searchable
          disabled={running}
          data={hosts.map(({ id, environment }) => ({ value: id, label: `${id} · ${environment}` }))}
          value={chosen}
          onChange={setChosen}
          maxValues={20}
          data-hosts
        />
        <TextInput
          label="Line"
          description="Judged on each host for itself, in the account's home. What waits for a review waits there alone."
          value={line}
          disabled={running}
          onChange={(event) => setLine(event.currentTarget.value)}
          classNames={{ input: classes.code ?? "" }}
          data-line
        />
        <div className={classes.buttons}>
          {running ? (
            <Button variant="default" onClick={stop} data-stop>
              Stop all
            </Button>
          ) : null}
          <Button type="submit" disabled={chosen.length === 0 || line.trim() === ""} loading={running} data-run>
            Run on {chosen.length === 1 ? "one host" : `${chosen.length} hosts`}
          </Button>
        </div>
      </form>
      {rows.length === 0 ? null : (
        <table className={classes.table} aria-live="polite">
          <thead>
            <tr>
              <th scope="col">Host</th>
              <th scope="col">Verdict</th>
              <th scope="col">What came of it</th>
            </tr>
          </thead>
          <tbody>
            {rows.map((row) => (
              <Row key={row.target} row={row} environment={hosts.find(({ id }) => id === row.target)?.environment ?? ""} />
            ))}
          </tbody>
        </table>
      )}
    </Modal>
  );
}

function Row({ row, environment }: { row: WireBroadcast; environment: string }) {
  return (
    <tr data-broadcast-target={row.target} data-state={row.state} data-outcome={row.outcome ?? undefined}>
      <td data-environment={environment}>
        {row.target} <span className={classes.environment}>{environment}</span>
      </td>
      <td>{row.outcome === null ? "" : <OutcomeMark meaning={row.outcome} />}</td>
      <td>
        <p className={classes.end}>
          {row.state === "ended" && row.durationMs !== null ? (
            <b data-meaning={row.exitCode === 0 ? "allow" : "deny"}>
              {row.exitCode === 0 ? "✓" : "✕"} exit {row.exitCode ?? "unknown"}, {duration(row.durationMs)}
            </b>
          ) : null}
          {row.state === "ended" ? null : <span>{row.state === "waiting" ? "" : `${row.state}…`}</span>}
          {row.message === "" ? null : <span>{row.message}</span>}
          {row.review !== null && row.state === "waiting" ? <Link href={`/reviews/${row.review}`}>the review</Link> : null}
          {row.session !== null && row.state === "ended" ? <Link href={`/recordings/${row.session}`}>recording</Link> : null}
        </p>
        {row.output === "" ? null : <pre>{row.output.replaceAll(/\x1b\[[0-9;:?]*[a-zA-Z]/g, "")}</pre>}
      </td>
    </tr>
  );
}
