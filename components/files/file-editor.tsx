"use client";

import { Button, Modal, TextInput } from "@mantine/core";
import { useMediaQuery } from "@mantine/hooks";
import { useState } from "react";
import type { FileAnswer } from "../../server/contract/http.ts";
import { WaitingCard } from "../review/waiting-card.tsx";
import { useSocketStore } from "../socket/socket.tsx";
import { LazyEditor } from "../sql/lazy-editor.tsx";
import classes from "./files.module.css";
import { useFileOrders } from "./use-file-order.ts";

export type OpenFile = Extract<FileAnswer, { state: "text" }>;

/** A text file of the host. Saved only where policy lets it be written; what is reviewed is the difference. */
export function FileEditor(props: { session: string; file: OpenFile; onClose: () => void; onSaved: () => void }) {
  const { file } = props;
  const store = useSocketStore();
  const orders = useFileOrders(props.session);
  const [saved, setSaved] = useState({ text: file.text, digest: file.digest, again: false });
  const [text, setText] = useState(file.text);
  const [reason, setReason] = useState("");
  const [leaving, setLeaving] = useState(false);
  const narrow = useMediaQuery("(max-width: 800px)");
  const dirty = text !== saved.text;
  const locked = file.masked || file.mayWrite === "deny";
  const save = () =>
    orders.order({ path: file.path, reason, act: { way: "save", text, digest: saved.digest } }, (answer) => {
      if (answer.state !== "saved") return;
      setLeaving(false);
      setSaved({ text, digest: answer.digest, again: true });
      props.onSaved();
    });
  const close = () => {
    if (dirty && !leaving) return setLeaving(true);
    if (orders.waiting !== null) store.send({ type: "review.withdraw", review: orders.waiting.id });
    props.onClose();
  };
  return (
    <Modal
      opened
      onClose={close}
      size="90%"
      fullScreen={narrow === true}
      title={<code>{file.path}</code>}
      closeOnClickOutside={!dirty}
      closeOnEscape={!dirty}
      classNames={{ body: classes.editorBody ?? "", title: classes.editorTitle ?? "" }}
    >
      <div className={classes.editor} data-file-editor={file.path} data-locked={locked || undefined}>
        <LazyEditor
          language={languageOf(file.path)}
          label={`text of ${file.path}`}
          value={text}
          onChange={setText}
          readOnly={locked}
          onReady={(handle) => handle?.focus()}
          onSave={() => {
            if (!locked && dirty && !orders.busy) save();
          }}
          marks={[]}
        />
      </div>
      <footer className={classes.editorFoot} aria-live="polite">
        {file.masked ? (
          <p data-meaning="masked">◐ Something in it is masked, so it cannot be saved: that would destroy what is hidden.</p>
        ) : file.mayWrite === "deny" ? (
          <p data-meaning="deny">✕ Read only: {file.because}</p>
        ) : file.mayWrite === "review" ? (
          <p data-meaning="review">◔ Saving waits for a review: {file.because}</p>
        ) : null}
        {orders.error === null ? null : (
          <p data-meaning="deny" data-file-error>
            ✕ {orders.error}
          </p>
        )}
        {saved.again && !dirty ? (
          <p data-meaning="allow" data-file-saved>
            ✓ Saved.
          </p>
        ) : null}
        {orders.waiting === null ? null : (
          <WaitingCard
            review={orders.waiting}
            onWithdraw={() => orders.waiting !== null && store.send({ type: "review.withdraw", review: orders.waiting.id })}
          />
        )}
        {leaving && dirty ? (
          <div role="alert" data-leaving>
            <p>What you changed is not saved.</p>
            <Button variant="default" onClick={() => setLeaving(false)}>
              Go on editing
            </Button>
            <Button color="red" variant="outline" onClick={close} data-discard>
              Discard it
            </Button>
          </div>
        ) : null}
        {locked ? null : (
          <div>
            {file.mayWrite === "review" ? (
              <TextInput
                aria-label="reason"
                placeholder="Why, for the reviewer"
                value={reason}
                onChange={(event) => setReason(event.currentTarget.value)}
              />
            ) : null}
            <Button disabled={!dirty} loading={orders.busy} onClick={save} data-file-save>
              {file.mayWrite === "review" ? "Ask to save" : "Save"}
            </Button>
          </div>
        )}
      </footer>
    </Modal>
  );
}

function languageOf(path: string): "pgsql" | "yaml" | "shell" | "ini" | "plaintext" {
  const ending = /\.([a-z]+)$/.exec(path)?.[1] ?? "";
  if (/^ya?ml$/.test(ending)) return "yaml";
  if (/^(sh|bash|profile|bashrc)$/.test(ending)) return "shell";
  if (/^(ini|conf|cnf|cfg|service|timer|socket|toml|properties)$/.test(ending)) return "ini";
  return ending === "sql" ? "pgsql" : "plaintext";
}
