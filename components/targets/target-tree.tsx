"use client";

import { ActionIcon, TextInput } from "@mantine/core";
import { ChevronRight, Contrast, Database, Filter, Lock, Search, SquareTerminal } from "lucide-react";
import { useState } from "react";
import type { TargetItem, TargetTree as Tree, TreeTable } from "../../server/contract/http.ts";
import { Condition, Skeleton } from "../condition/condition.tsx";
import { Failed } from "../request/failed.tsx";
import { type Loadable, useAnswer } from "../request/use-answer.ts";
import { AskButton } from "../review/ask-access.tsx";
import { useSocket } from "../socket/socket.tsx";
import { byEnvironment, matching } from "./grouped.ts";
import classes from "./targets.module.css";

/** Targets by environment, with what is in their databases and how much of it this person may see. */
export function TargetTree(props: {
  targets: Loadable<readonly TargetItem[]>;
  again: () => void;
  onOpen: (target: TargetItem, table?: TreeTable) => void;
}) {
  const [filter, setFilter] = useState("");
  const { targets } = props;
  return (
    <nav className={classes.tree} aria-label="targets">
      <TextInput
        className={classes.search}
        placeholder="Find a target or a table"
        aria-label="find a target or a table"
        leftSection={<Search size={13} aria-hidden />}
        value={filter}
        onChange={(event) => setFilter(event.currentTarget.value)}
      />
      <div className={classes.list}>
        {targets.state === "loading" ? <Skeleton label="targets" /> : null}
        {targets.state === "failed" ? (
          <Failed what="the targets" status={targets.status} error={targets.error} again={props.again} />
        ) : null}
        {targets.state === "loaded" && targets.value.length === 0 ? (
          <Condition kind="empty" title="No targets yet" what="Someone who administers Gatehouse adds databases and hosts." />
        ) : null}
        {targets.state === "loaded"
          ? byEnvironment(targets.value).map(({ environment, targets }) => (
              <section key={environment} data-environment={environment} className={classes.environment} aria-label={environment}>
                <h2>
                  <span aria-hidden />
                  {environment}
                </h2>
                <ul>
                  {targets.map((target) => (
                    <TargetNode key={target.id} target={target} filter={filter.trim().toLowerCase()} onOpen={props.onOpen} />
                  ))}
                </ul>
              </section>
            ))
          : null}
      </div>
    </nav>
  );
}

function TargetNode({
  target,
  filter,
  onOpen,
}: {
  target: TargetItem;
  filter: string;
  onOpen: (target: TargetItem, table?: TreeTable) => void;
}) {
  const [expanded, setExpanded] = useState(false);
  const version = useSocket((state) => state.policyVersion);
  const isDatabase = target.type === "postgres";
  const asked = isDatabase && target.may && expanded;
  const [tree, again] = useAnswer<Tree>(asked ? `/api/targets/${encodeURIComponent(target.id)}/tree` : null, version);
  const named = target.id.includes(filter) || target.description.toLowerCase().includes(filter);
  const tables = tree.state === "loaded" ? matching(tree.value.tables, named ? "" : filter) : [];
  if (filter !== "" && !named && (!expanded || tables.length === 0)) return null;
  const Icon = isDatabase ? Database : SquareTerminal;

  return (
    <li data-target={target.id} data-may={target.may}>
      <div className={classes.target}>
        {isDatabase && target.may ? (
          <ActionIcon
            variant="transparent"
            color="gray"
            size="xs"
            aria-expanded={expanded}
            aria-label={`${expanded ? "hide" : "show"} the tables of ${target.id}`}
            onClick={() => setExpanded(!expanded)}
          >
            <ChevronRight size={13} aria-hidden className={classes.chevron} data-expanded={expanded || undefined} />
          </ActionIcon>
        ) : (
          <span className={classes.indent} />
        )}
        <button
          type="button"
          className={classes.open}
          disabled={!target.may}
          title={target.may ? target.description : `no policy permits you to connect to ${target.id}`}
          onClick={() => onOpen(target)}
          data-open-target={target.id}
        >
          <Icon size={14} aria-hidden />
          <span className={classes.name}>{target.id}</span>
          <span className={classes.kind}>{isDatabase ? "SQL" : "terminal"}</span>
          {target.may ? null : <Lock size={12} aria-label="you may not connect" />}
        </button>
        {target.may ? null : (
          <AskButton target={target.id} access={[{ action: "target:connect", resource: "target" }]} label="Ask…" />
        )}
      </div>
      {asked ? (
        <div className={classes.tables}>
          {tree.state === "loading" ? <Skeleton label="tables" lines={3} /> : null}
          {tree.state === "failed" ? <Failed what="its tables" status={tree.status} error={tree.error} again={again} /> : null}
          {tree.state === "loaded" && tree.value.tables.length === 0 ? <p>No tables that you may see.</p> : null}
          <ul>
            {tables.map((table) => (
              <TableNode key={`${table.schema}.${table.name}`} table={table} onOpen={() => onOpen(target, table)} />
            ))}
          </ul>
        </div>
      ) : null}
    </li>
  );
}

function TableNode({ table, onOpen }: { table: TreeTable; onOpen: () => void }) {
  const [expanded, setExpanded] = useState(false);
  const name = table.schema === "public" ? table.name : `${table.schema}.${table.name}`;
  return (
    <li data-table={`${table.schema}.${table.name}`} data-exposure={table.exposure}>
      <div className={classes.table}>
        <ActionIcon
          variant="transparent"
          color="gray"
          size="xs"
          aria-expanded={expanded}
          aria-label={`${expanded ? "hide" : "show"} the columns of ${name}`}
          onClick={() => setExpanded(!expanded)}
        >
          <ChevronRight size={12} aria-hidden className={classes.chevron} data-expanded={expanded || undefined} />
        </ActionIcon>
        <button type="button" className={classes.open} onClick={onOpen} title={`${table.kind}: write a select on it`}>
          <span className={classes.name}>{name}</span>
          {table.kind === "table" ? null : <span className={classes.kind}>{table.kind}</span>}
          {hidesSome(table) ? <Contrast size={12} className={classes.masked} aria-label="has masked columns" /> : null}
          {table.filtered ? <Filter size={12} className={classes.filtered} aria-label="you see some of its rows" /> : null}
          {table.exposure === "denied" ? <Lock size={12} className={classes.denied} aria-label="you may not read it" /> : null}
        </button>
      </div>
      {expanded ? (
        <ul className={classes.columns}>
          {table.columns.map((column) => (
            <li key={column.name} data-column={column.name} data-exposure={column.exposure}>
              <span className={classes.name}>{column.name}</span>
              <span className={classes.kind}>{column.type}</span>
              {column.exposure === "masked" ? (
                <span className={classes.masked} title={`masked by ${column.mask}`}>
                  <Contrast size={11} aria-label="masked by" /> {column.mask}
                </span>
              ) : null}
              {column.exposure === "denied" ? (
                <Lock size={11} className={classes.denied} aria-label="you may not read it" />
              ) : null}
            </li>
          ))}
        </ul>
      ) : null}
    </li>
  );
}

function hidesSome(table: TreeTable): boolean {
  return (
    table.exposure === "masked" || (table.exposure === "open" && table.columns.some((column) => column.exposure === "masked"))
  );
}
