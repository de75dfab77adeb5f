"use client";

import { Button, Select } from "@mantine/core";
import { useState } from "react";
import type { MaskPreview as Preview } from "../../server/contract/http.ts";
import { ask } from "../request/ask.ts";
import classes from "./admin.module.css";

type Asked =
  | { readonly state: "not-asked" | "asking" }
  | { readonly state: "answered"; readonly of: string; readonly preview: Preview }
  | { readonly state: "failed"; readonly message: string };

/** The mask as it stands in the editor, on some rows of a column that it fits. Saves nothing. */
export function MaskPreview({ yaml, disabled }: { yaml: string; disabled: boolean }) {
  const [asked, setAsked] = useState<Asked>({ state: "not-asked" });
  const show = async (chosen: { target: string; column: string } | null) => {
    setAsked({ state: "asking" });
    const of = chosen === null ? {} : { target: chosen.target, column: chosen.column };
    const answer = await ask<Preview>("/api/configuration/mask-preview", { method: "POST", body: { yaml, ...of } });
    setAsked(
      answer.ok ? { state: "answered", of: yaml, preview: answer.value } : { state: "failed", message: answer.error.message },
    );
  };
  const preview = asked.state === "answered" ? asked.preview : null;
  const shown = preview?.shown ?? null;
  return (
    <fieldset data-mask-preview>
      <legend>On real rows</legend>
      <p className={classes.quiet}>
        Reads up to eight rows as you: of columns that you may see raw. It is on the record, and nothing is saved.
      </p>
      <div>
        <Button
          variant="default"
          size="compact-sm"
          disabled={disabled}
          loading={asked.state === "asking"}
          onClick={() => void show(shown)}
          data-try
        >
          Try it
        </Button>
      </div>
      <div aria-live="polite" className={classes.preview}>
        {asked.state === "failed" ? <p data-meaning="deny">✕ {asked.message}</p> : null}
        {preview?.reason == null ? null : <p data-meaning="review">◔ {preview.reason}</p>}
        {preview === null || preview.columns.length < 2 ? null : (
          <Select
            label={`Column, of ${preview.columns.length} that it fits`}
            size="xs"
            searchable
            allowDeselect={false}
            value={shown === null ? null : `${shown.target}/${shown.column}`}
            data={preview.columns.map(({ target, column }) => ({
              value: `${target}/${column}`,
              label: `${column} on ${target}`,
            }))}
            onChange={(value) => {
              const found = preview.columns.find(({ target, column }) => `${target}/${column}` === value);
              if (found !== undefined) void show(found);
            }}
          />
        )}
        {shown === null ? null : (
          <table data-previewed={shown.column}>
            <caption>
              {shown.column} on {shown.target}
              {asked.state === "answered" && asked.of !== yaml ? ", before your last change" : ""}
            </caption>
            <thead>
              <tr>
                <th scope="col">Stored</th>
                <th scope="col">
                  <span data-meaning="masked">◐</span> Shown
                </th>
              </tr>
            </thead>
            <tbody>
              {shown.rows.map(({ before, after }, index) => (
                // biome-ignore lint/suspicious/noArrayIndexKey: rows have no identity, and never move
                <tr key={index}>
                  <td>{before}</td>
                  <td>{after ?? <i>NULL</i>}</td>
                </tr>
              ))}
            </tbody>
          </table>
        )}
        {shown?.rows.length === 0 ? <p>The column has no value in any row that you may see.</p> : null}
      </div>
    </fieldset>
  );
}
