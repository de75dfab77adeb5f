"use client";

import { ActionIcon, Button, FileButton, TextInput } from "@mantine/core";
import { ArrowUp, Download, File, Folder, RefreshCw, Upload, X } from "lucide-react";
import { useEffect, useState } from "react";
import type { FileItem, FileList } from "../../server/contract/http.ts";
import { Condition, Skeleton } from "../condition/condition.tsx";
import { useAnswer } from "../request/use-answer.ts";
import { WaitingCard } from "../review/waiting-card.tsx";
import { useSocketStore } from "../socket/socket.tsx";
import type { TerminalState } from "../socket/state.ts";
import { TimeAgo } from "../theme/time-ago.tsx";
import { FileEditor, type OpenFile } from "./file-editor.tsx";
import classes from "./files.module.css";
import { sizeInWords } from "./size.ts";
import { upload } from "./upload.ts";
import { useFileOrders } from "./use-file-order.ts";

/** The files of a terminal's host: each is judged by its path when it is asked for. */
export function FilesPanel(props: {
  session: string;
  start: string;
  /** A file that is to be opened at once. */
  edit: TerminalState["edit"];
  onClose: () => void;
}) {
  const { session, start, edit, onClose } = props;
  const store = useSocketStore();
  const [path, setPath] = useState(start);
  const [typed, setTyped] = useState(start);
  const [list, again] = useAnswer<FileList>(`/api/files/${encodeURIComponent(session)}?path=${encodeURIComponent(path)}`);
  const orders = useFileOrders(session);
  const [open, setOpen] = useState<OpenFile | null>(null);
  const [sending, setSending] = useState<{ name: string; sent: number; size: number; abort: AbortController } | null>(null);
  const [failed, setFailed] = useState<string | null>(null);
  const here = list.state === "loaded" ? list.value.path : path;
  const inside = (name: string) => `${here === "/" ? "" : here}/${name}`;
  const go = (to: string) => {
    orders.dismiss();
    setFailed(null);
    setPath(to);
    setTyped(to);
  };

  const download = (name: string) =>
    orders.order({ path: inside(name), act: { way: "download" } }, (answer) => {
      if (answer.state !== "ticket") return;
      const link = document.createElement("a");
      link.href = `/api/files/content/${encodeURIComponent(answer.ticket)}`;
      link.download = answer.name;
      link.click();
    });
  const view = (file: string) =>
    orders.order({ path: file, act: { way: "open" } }, (answer) => {
      if (answer.state === "text") setOpen(answer);
    });
  // biome-ignore lint/correctness/useExhaustiveDependencies: each is opened once
  useEffect(() => {
    if (edit !== null) view(edit.path);
  }, [edit?.number]);
  const send = (file: File | null) => {
    if (file === null) return;
    setFailed(null);
    orders.order({ path: inside(file.name), act: { way: "upload", size: file.size } }, (answer) => {
      if (answer.state !== "ticket") return;
      const abort = new AbortController();
      setSending({ name: file.name, sent: 0, size: file.size, abort });
      upload(answer.ticket, file, (sent) => setSending({ name: file.name, sent, size: file.size, abort }), abort.signal)
        .then(
          again,
          (error: unknown) => !abort.signal.aborted && setFailed(error instanceof Error ? error.message : String(error)),
        )
        .finally(() => setSending(null));
    });
  };
  const error = failed ?? orders.error;

  return (
    <aside
      className={classes.panel}
      aria-label="files of the host"
      data-files={here}
      onDragOver={(event) => event.preventDefault()}
      onDrop={(event) => {
        event.preventDefault();
        send(event.dataTransfer.files[0] ?? null);
      }}
    >
      <header>
        <form
          onSubmit={(event) => {
            event.preventDefault();
            go(typed);
          }}
        >
          <TextInput
            aria-label="folder"
            size="xs"
            value={typed}
            onChange={(event) => setTyped(event.currentTarget.value)}
            leftSection={
              <ActionIcon
                variant="subtle"
                size="sm"
                aria-label="the folder above"
                disabled={here === "/"}
                onClick={() => go(here.slice(0, here.lastIndexOf("/")) || "/")}
              >
                <ArrowUp size={13} aria-hidden />
              </ActionIcon>
            }
          />
        </form>
        <ActionIcon variant="subtle" aria-label="list again" onClick={again}>
          <RefreshCw size={13} aria-hidden />
        </ActionIcon>
        <FileButton onChange={send}>
          {(button) => (
            <Button {...button} size="compact-xs" variant="default" leftSection={<Upload size={12} aria-hidden />} data-upload>
              Upload
            </Button>
          )}
        </FileButton>
        <ActionIcon variant="subtle" color="gray" aria-label="close the files" onClick={onClose}>
          <X size={14} aria-hidden />
        </ActionIcon>
      </header>
      <div aria-live="polite">
        {error === null ? null : (
          <p className={classes.error} data-meaning="deny" data-file-error>
            ✕ {error}
          </p>
        )}
        {sending === null ? null : (
          <p className={classes.sending} data-sending>
            <progress max={Math.max(1, sending.size)} value={sending.sent} aria-label={`upload of ${sending.name}`} />
            {sending.name}: {sizeInWords(sending.sent)} of {sizeInWords(sending.size)}
            <Button size="compact-xs" variant="subtle" onClick={() => sending.abort.abort()}>
              Stop
            </Button>
          </p>
        )}
        {orders.waiting === null ? null : (
          <WaitingCard
            review={orders.waiting}
            onWithdraw={() => orders.waiting !== null && store.send({ type: "review.withdraw", review: orders.waiting.id })}
          />
        )}
      </div>
      <div className={classes.entries}>
        {list.state === "loading" ? <Skeleton label="the folder" lines={6} /> : null}
        {list.state === "failed" ? (
          <Condition kind="forbidden" title="This folder is not shown" what={list.error.message}>
            <Button size="compact-sm" variant="default" onClick={again}>
              Try again
            </Button>
          </Condition>
        ) : null}
        {list.state === "loaded" && list.value.entries.length === 0 ? (
          <p className={classes.quiet}>The folder is empty.</p>
        ) : null}
        {list.state === "loaded" ? (
          <ul>
            {list.value.entries.map((entry) => (
              <Entry
                key={entry.name}
                entry={entry}
                busy={orders.busy}
                onOpen={() => (entry.kind === "folder" ? go(inside(entry.name)) : view(inside(entry.name)))}
                onDownload={() => download(entry.name)}
              />
            ))}
          </ul>
        ) : null}
      </div>
      <p className={classes.quiet}>
        Text that is taken is masked like the terminal's output. What is no text cannot be masked, and is given only where policy
        names it (<code>file:raw</code>). All is on the record.
      </p>
      {open === null ? null : (
        <FileEditor key={open.path} session={session} file={open} onClose={() => setOpen(null)} onSaved={again} />
      )}
    </aside>
  );
}

function Entry(props: { entry: FileItem; busy: boolean; onOpen: () => void; onDownload: () => void }) {
  const { entry } = props;
  return (
    <li data-file={entry.name}>
      <button type="button" disabled={entry.kind === "other"} onClick={props.onOpen}>
        {entry.kind === "folder" ? <Folder size={14} aria-label="folder" /> : <File size={14} aria-hidden />}
        <span>{entry.name}</span>
        <span className={classes.quiet}>{entry.kind === "file" ? sizeInWords(entry.size) : ""}</span>
        <span className={classes.quiet}>{entry.modifiedAt === 0 ? "" : <TimeAgo at={entry.modifiedAt} />}</span>
      </button>
      {entry.kind === "file" ? (
        <ActionIcon
          variant="subtle"
          size="sm"
          aria-label={`download ${entry.name}`}
          disabled={props.busy}
          onClick={props.onDownload}
        >
          <Download size={13} aria-hidden />
        </ActionIcon>
      ) : null}
    </li>
  );
}
