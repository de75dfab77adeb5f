"use client";

import { Button, NumberInput, Select, Switch, TagsInput, Textarea, TextInput } from "@mantine/core";
import { useDebouncedValue } from "@mantine/hooks";
import { ArrowLeft } from "lucide-react";
import { useEffect, useMemo, useState } from "react";
import type {
  ConfigurationChange,
  ConfigurationItem,
  ConfigurationResult,
  Problem,
  ProblemDetail,
} from "../../server/contract/http.ts";
import { ask } from "../request/ask.ts";
import { LazyEditor } from "../sql/lazy-editor.tsx";
import { TimeAgo } from "../theme/time-ago.tsx";
import classes from "./admin.module.css";
import { changed, offsetOf, parsed } from "./document-text.ts";
import { at, type Field, formOf } from "./fields.ts";
import { MaskPreview } from "./mask-preview.tsx";

type Check =
  | { readonly state: "unchecked" }
  | { readonly state: "fine"; readonly warnings: readonly string[] }
  | { readonly state: "wrong"; readonly error: Problem["error"] };

type Saving =
  | { readonly state: "idle" | "saving" }
  | { readonly state: "saved"; readonly changes: readonly ConfigurationChange[]; readonly version: number }
  /** Someone else saved it meanwhile. */
  | { readonly state: "conflict"; readonly message: string }
  | { readonly state: "refused"; readonly message: string };

/** A document as a form and as its YAML, side by side: one text, two views. */
export function DocumentEditor(props: {
  /** Null: a new one. */
  item: ConfigurationItem | null;
  template: string;
  mayWrite: boolean;
  known: { groups: readonly string[]; targets: readonly string[] };
  onSaved: (saved: ConfigurationChange | null) => void;
  onDelete: (() => void) | null;
  onBack: () => void;
}) {
  const { item } = props;
  const [base, setBase] = useState({ yaml: item?.yaml ?? props.template, version: item?.version ?? null });
  const [text, setText] = useState(base.yaml);
  const [check, setCheck] = useState<Check>({ state: "unchecked" });
  const [saving, setSaving] = useState<Saving>({ state: "idle" });
  const dirty = text !== base.yaml || item === null;

  // A document that nobody edits here follows what others save.
  useEffect(() => {
    if (item === null || item.version === base.version || saving.state === "saving") return;
    if (text !== base.yaml) return;
    setBase({ yaml: item.yaml, version: item.version });
    setText(item.yaml);
  }, [item, base, text, saving.state]);

  const [settled] = useDebouncedValue(text, 400);
  useEffect(() => {
    if (!props.mayWrite) return;
    const abort = new AbortController();
    ask<ConfigurationResult>("/api/configuration/validate", {
      method: "POST",
      body: { yaml: settled },
      signal: abort.signal,
    }).then(
      (result) =>
        setCheck(result.ok ? { state: "fine", warnings: result.value.warnings } : { state: "wrong", error: result.error }),
      () => {},
    );
    return () => abort.abort();
  }, [settled, props.mayWrite]);

  const document = useMemo(() => parsed(text), [text]);
  const problems: readonly ProblemDetail[] = !document.ok
    ? document.problems
    : check.state === "wrong"
      ? (check.error.details ?? [{ path: "", message: check.error.message }])
      : [];
  const marks = useMemo(
    () =>
      problems
        .filter((problem) => problem.line !== undefined)
        .map((problem) => {
          const offset = offsetOf(text, problem.line ?? 1, problem.column ?? 1);
          const end = text.indexOf("\n", offset);
          return {
            span: [offset, Math.max(offset + 1, end === -1 ? text.length : end)] as const,
            meaning: "deny" as const,
            message: problem.message,
          };
        }),
    [problems, text],
  );

  const save = async (expectedVersion: number | null) => {
    setSaving({ state: "saving" });
    const body = { yaml: text, ...(expectedVersion === null ? {} : { expectedVersion }) };
    const result = await ask<ConfigurationResult>("/api/configuration", { method: "POST", body });
    if (result.ok) {
      const own = result.value.changes.find((change) => change.change !== "unchanged") ?? result.value.changes[0] ?? null;
      setSaving({ state: "saved", changes: result.value.changes, version: result.value.version });
      setCheck({ state: "fine", warnings: result.value.warnings });
      setBase({ yaml: text, version: null });
      props.onSaved(own);
    } else if (result.error.code === "conflict") {
      setSaving({ state: "conflict", message: result.error.message });
      props.onSaved(null);
    } else {
      if (result.error.code === "invalid") setCheck({ state: "wrong", error: result.error });
      setSaving({ state: "refused", message: result.error.message });
    }
  };
  const groups = document.ok ? formOf(document.document, props.known) : null;
  const set = (field: Field, value: string | number | boolean | readonly string[]) => setText(changed(text, field.path, value));

  return (
    <div
      className={classes.document}
      data-document-editor={item === null ? "new" : `${item.kind}/${item.id}`}
      data-dirty={dirty || undefined}
    >
      <header>
        <Button
          className={classes.back}
          variant="subtle"
          size="compact-xs"
          leftSection={<ArrowLeft size={13} aria-hidden />}
          onClick={props.onBack}
        >
          Back
        </Button>
        <h2>{item === null ? "New document" : item.id}</h2>
        {item === null ? null : (
          <span className={classes.quiet}>
            version {item.version}, by {item.updatedBy} <TimeAgo at={item.updatedAt} />
          </span>
        )}
        <span className={classes.push} />
        {props.mayWrite ? (
          <>
            {props.onDelete === null ? null : (
              <Button variant="subtle" color="red" onClick={props.onDelete} data-delete>
                Delete
              </Button>
            )}
            {item === null ? null : (
              <Button variant="default" disabled={!dirty} onClick={() => setText(base.yaml)}>
                Discard
              </Button>
            )}
            <Button
              loading={saving.state === "saving"}
              disabled={!dirty || problems.length > 0}
              onClick={() => void save(base.version)}
              data-save
            >
              Save
            </Button>
          </>
        ) : (
          <span className={classes.quiet}>You may read it, not change it.</span>
        )}
      </header>
      <div aria-live="polite" className={classes.notes}>
        {saving.state === "saved" && !dirty ? (
          <p data-meaning="allow" data-saved={saving.version}>
            ✓ Saved as version {saving.version} of the policies:{" "}
            {saving.changes.map((change) => `${change.kind} ${change.id} ${change.change}`).join(", ") || "nothing changed"}.
          </p>
        ) : null}
        {saving.state === "refused" ? <p data-meaning="deny">✕ {saving.message}</p> : null}
        {saving.state === "conflict" ? (
          <div data-meaning="review" data-conflict>
            <p>
              ◔ {item === null ? saving.message : `${item.updatedBy} saved this document while you edited it`}. Yours is not lost:
              it is in the editor.
            </p>
            {item === null ? null : (
              <>
                <pre>{item.yaml}</pre>
                <Button
                  size="compact-xs"
                  variant="default"
                  onClick={() => {
                    setBase({ yaml: item.yaml, version: item.version });
                    setText(item.yaml);
                    setSaving({ state: "idle" });
                  }}
                >
                  Take theirs
                </Button>{" "}
                <Button size="compact-xs" variant="default" onClick={() => void save(item.version)}>
                  Save mine over it
                </Button>
              </>
            )}
          </div>
        ) : null}
        {check.state === "fine"
          ? check.warnings.map((warning) => (
              <p key={warning} data-meaning="review" data-warning>
                ⚠ {warning}
              </p>
            ))
          : null}
      </div>
      <div className={classes.views} data-form={groups !== null || undefined}>
        {groups === null ? null : (
          <form className={classes.form} aria-label="form" onSubmit={(event) => event.preventDefault()}>
            {groups.map((group) => (
              <fieldset key={group.title} disabled={!props.mayWrite}>
                <legend>{group.title}</legend>
                {group.fields.map((field) => (
                  <FieldInput
                    key={field.path.join(".")}
                    field={field}
                    value={document.ok ? at(document.document, field.path) : undefined}
                    problem={problems.find((problem) => problem.path === field.path.join("."))?.message}
                    onChange={(value) => set(field, value)}
                  />
                ))}
              </fieldset>
            ))}
            {document.ok && document.document.kind === "mask" && props.mayWrite ? (
              <MaskPreview yaml={text} disabled={problems.length > 0} />
            ) : null}
          </form>
        )}
        <div className={classes.yaml}>
          <div className={classes.yamlEditor}>
            <LazyEditor
              language="yaml"
              label="YAML of the document"
              value={text}
              onChange={setText}
              readOnly={!props.mayWrite}
              marks={marks}
            />
          </div>
          {problems.length === 0 ? null : (
            <ul className={classes.problems} aria-label="problems">
              {problems.map((problem) => (
                <li
                  key={`${problem.path} ${problem.line} ${problem.message}`}
                  data-problem={problem.path}
                  data-line={problem.line}
                >
                  <b>✕ {problem.line === undefined ? problem.path : `line ${problem.line}`}</b> {problem.message}
                </li>
              ))}
            </ul>
          )}
        </div>
      </div>
    </div>
  );
}

function FieldInput(props: {
  field: Field;
  value: unknown;
  problem: string | undefined;
  onChange: (value: string | number | boolean | readonly string[]) => void;
}) {
  const { field, value, onChange } = props;
  const common = { label: field.label, error: props.problem, description: field.hint, "data-field": field.path.join(".") };
  switch (field.input) {
    case "text":
      return <TextInput {...common} value={shown(value)} onChange={(event) => onChange(event.currentTarget.value)} />;
    case "code":
      return (
        <Textarea
          {...common}
          autosize
          minRows={2}
          maxRows={8}
          classNames={{ input: classes.code ?? "" }}
          value={shown(value)}
          onChange={(event) => onChange(event.currentTarget.value)}
        />
      );
    case "number":
      return <NumberInput {...common} value={typeof value === "number" ? value : ""} onChange={onChange} />;
    case "switch":
      return (
        <Switch {...common} size="xs" checked={value === true} onChange={(event) => onChange(event.currentTarget.checked)} />
      );
    case "choice":
      return (
        <Select
          {...common}
          data={[...field.of]}
          clearable
          value={typeof value === "string" ? value : null}
          onChange={(chosen) => onChange(chosen ?? "")}
        />
      );
    case "list":
      return (
        <TagsInput
          {...common}
          data={[...field.suggestions]}
          maxDropdownHeight={240}
          value={Array.isArray(value) ? value.map(String) : []}
          onChange={onChange}
        />
      );
  }
}

function shown(value: unknown): string {
  return typeof value === "string" || typeof value === "number" || typeof value === "boolean" ? String(value) : "";
}
