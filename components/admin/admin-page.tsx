"use client";

import { Button, TextInput } from "@mantine/core";
import { notifications } from "@mantine/notifications";
import { Plus, Search } from "lucide-react";
import { useRouter, useSearchParams } from "next/navigation";
import { useState } from "react";
import type { ConfigurationItem, ConfigurationList, ConfigurationResult } from "../../server/contract/http.ts";
import { Condition, Skeleton } from "../condition/condition.tsx";
import { ask } from "../request/ask.ts";
import { Failed } from "../request/failed.tsx";
import { useAnswer } from "../request/use-answer.ts";
import { useSocket } from "../socket/socket.tsx";
import classes from "./admin.module.css";
import { DeadNotifications } from "./dead-notifications.tsx";
import { DocumentEditor } from "./document-editor.tsx";
import { KINDS } from "./kinds.ts";

/** The configuration, document by document. Where one is: in the address. */
export function AdminPage({ mayWrite }: { mayWrite: boolean }) {
  const router = useRouter();
  const address = useSearchParams();
  const kind = KINDS.find((each) => each.kind === address.get("kind")) ?? KINDS[0];
  const id = address.get("id");
  const isNew = address.has("new");
  const version = useSocket((state) => state.policyVersion);
  const [list, again] = useAnswer<ConfigurationList>("/api/configuration", version);
  const [filter, setFilter] = useState("");

  const items = list.state === "loaded" ? list.value.items : [];
  const ofKind = items.filter((item) => item.kind === kind.kind);
  const text = filter.trim().toLowerCase();
  const listed = ofKind
    .filter((item) => text === "" || item.yaml.toLowerCase().includes(text))
    .toSorted((a, b) => a.id.localeCompare(b.id));
  const item = ofKind.find((each) => each.id === id);
  const known = {
    groups: [...new Set(items.flatMap(groupsIn))].toSorted(),
    targets: items.filter((each) => each.kind === "target").map((each) => each.id),
  };
  const go = (query: string) => router.replace(`/admin?${query}`);

  const remove = async (gone: ConfigurationItem) => {
    const path = `/api/configuration/${encodeURIComponent(gone.kind)}/${encodeURIComponent(gone.id)}`;
    const result = await ask<ConfigurationResult>(path, { method: "DELETE" });
    if (!result.ok) return notifications.show({ color: "red", title: `Cannot delete ${gone.id}`, message: result.error.message });
    again();
    go(`kind=${gone.kind}`);
    const note = notifications.show({
      title: `${gone.id} is deleted`,
      autoClose: 15_000,
      message: (
        <Button
          size="compact-xs"
          variant="default"
          data-undo
          onClick={async () => {
            notifications.hide(note);
            const restored = await ask<ConfigurationResult>("/api/configuration", { method: "POST", body: { yaml: gone.yaml } });
            if (!restored.ok)
              notifications.show({ color: "red", title: `Cannot bring ${gone.id} back`, message: restored.error.message });
            again();
            go(`kind=${gone.kind}&id=${encodeURIComponent(gone.id)}`);
          }}
        >
          Undo
        </Button>
      ),
    });
  };

  return (
    <div className={classes.page} data-admin-page data-editing={item !== undefined || isNew || undefined}>
      <section className={classes.side} aria-label="documents">
        <h1>Configuration</h1>
        <nav aria-label="kinds" className={classes.kinds}>
          {KINDS.map((each) => (
            <button
              key={each.kind}
              type="button"
              aria-current={each === kind || undefined}
              onClick={() => go(`kind=${each.kind}`)}
              data-kind={each.kind}
            >
              {each.name}
              <span>{list.state === "loaded" ? items.filter((item) => item.kind === each.kind).length : ""}</span>
            </button>
          ))}
        </nav>
      </section>
      <section className={classes.list} aria-label={kind.name}>
        <header>
          <TextInput
            aria-label={`search in ${kind.name.toLowerCase()}`}
            placeholder={`Search ${kind.name.toLowerCase()}`}
            leftSection={<Search size={13} aria-hidden />}
            value={filter}
            onChange={(event) => setFilter(event.currentTarget.value)}
          />
          {mayWrite ? (
            <Button
              variant="default"
              leftSection={<Plus size={13} aria-hidden />}
              onClick={() => go(`kind=${kind.kind}&new`)}
              data-new
            >
              New
            </Button>
          ) : null}
        </header>
        {list.state === "loading" ? <Skeleton label="the configuration" /> : null}
        {list.state === "failed" ? (
          <Failed what="the configuration" status={list.status} error={list.error} again={again} />
        ) : null}
        {list.state === "loaded" && listed.length === 0 ? (
          <Condition
            kind="empty"
            title={text === "" ? `No ${kind.name.toLowerCase()} yet` : "Nothing matches"}
            what={`${kind.name}: ${kind.what}.`}
          />
        ) : null}
        <ul>
          {listed.map((each) => (
            <li key={each.id}>
              <button
                type="button"
                data-document={`${each.kind}/${each.id}`}
                aria-current={each.id === id || undefined}
                onClick={() => go(`kind=${each.kind}&id=${encodeURIComponent(each.id)}`)}
              >
                <span className={classes.id}>
                  <code>{each.id}</code>
                  <Effect document={each.document} />
                </span>
                <span className={classes.quiet}>{String(each.document.description ?? "")}</span>
                {each.warnings.length === 0 ? null : <span className={classes.warning}>⚠ {each.warnings.join("; ")}</span>}
              </button>
            </li>
          ))}
        </ul>
      </section>
      <section className={classes.editor} aria-label="document">
        {kind.kind === "notification" ? <DeadNotifications mayWrite={mayWrite} /> : null}
        {isNew ? (
          <DocumentEditor
            key={`new ${kind.kind}`}
            item={null}
            template={kind.template}
            mayWrite={mayWrite}
            known={known}
            onSaved={(saved) => {
              again();
              if (saved !== null) go(`kind=${saved.kind}&id=${encodeURIComponent(saved.id)}`);
            }}
            onDelete={null}
            onBack={() => go(`kind=${kind.kind}`)}
          />
        ) : item !== undefined ? (
          <DocumentEditor
            key={`${item.kind}/${item.id}`}
            item={item}
            template=""
            mayWrite={mayWrite}
            known={known}
            onSaved={(saved) => {
              again();
              if (saved !== null && saved.id !== item.id) go(`kind=${saved.kind}&id=${encodeURIComponent(saved.id)}`);
            }}
            onDelete={() => void remove(item)}
            onBack={() => go(`kind=${kind.kind}`)}
          />
        ) : id !== null && list.state === "loaded" ? (
          <Condition kind="empty" title={`There is no ${kind.kind} ${id}`} what="It was deleted, or renamed." />
        ) : (
          <Condition kind="empty" title={kind.name} what={`${kind.name} say ${kind.what}. Choose one, or begin a new one.`} />
        )}
      </section>
    </div>
  );
}

function Effect({ document }: { document: ConfigurationItem["document"] }) {
  const effect = document.effect;
  if (effect !== "permit" && effect !== "review" && effect !== "forbid") return null;
  const meaning = { permit: "allow", review: "review", forbid: "deny" }[effect];
  return (
    <b data-meaning={meaning} className={classes.effect}>
      {{ permit: "✓ ", review: "◔ ", forbid: "✕ " }[effect]}
      {effect}
    </b>
  );
}

/** Groups that some document names: what a form suggests. */
function groupsIn({ kind, id, document }: ConfigurationItem): string[] {
  if (kind === "group") return [id];
  const principals = document.principals;
  if (typeof principals !== "object" || principals === null || !("groups" in principals) || !Array.isArray(principals.groups))
    return [];
  return principals.groups.filter((group) => typeof group === "string");
}
