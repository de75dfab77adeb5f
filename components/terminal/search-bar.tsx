"use client";

import { ActionIcon, TextInput } from "@mantine/core";
import type { ISearchOptions, ISearchResultChangeEvent, SearchAddon } from "@xterm/addon-search";
import { ArrowDown, ArrowUp, X } from "lucide-react";
import { useEffect, useState } from "react";
import classes from "./terminal.module.css";

/** Finds text in what the terminal shows, from the newest up: Enter and Shift+Enter go on, Escape closes. */
export function SearchBar(props: { search: SearchAddon; looks: () => ISearchOptions; onClose: () => void }) {
  const { search, looks, onClose } = props;
  const [text, setText] = useState("");
  const [found, setFound] = useState<ISearchResultChangeEvent | null>(null);
  useEffect(() => {
    const told = search.onDidChangeResults(setFound);
    return () => told.dispose();
  }, [search]);
  const older = () => search.findPrevious(text, looks());
  const newer = () => search.findNext(text, looks());
  return (
    <form
      className={classes.search}
      data-terminal-search
      onSubmit={(event) => event.preventDefault()}
      onKeyDown={(event) => {
        if (event.key === "Escape") onClose();
        else if (event.key !== "Enter" || !(event.target instanceof HTMLInputElement)) return;
        else if (event.shiftKey) newer();
        else older();
        event.preventDefault();
      }}
    >
      <TextInput
        aria-label="search in the terminal"
        placeholder="Search"
        size="xs"
        autoFocus
        value={text}
        onChange={(event) => {
          const next = event.currentTarget.value;
          setText(next);
          if (next === "") {
            search.clearDecorations();
            setFound(null);
          } else search.findPrevious(next, { ...looks(), incremental: true });
        }}
      />
      <span className={classes.found} role="status" data-found={found?.resultCount ?? undefined}>
        {text === "" ? "" : told(found)}
      </span>
      <ActionIcon variant="default" aria-label="the match before" title="Enter" onClick={older}>
        <ArrowUp size={14} aria-hidden />
      </ActionIcon>
      <ActionIcon variant="default" aria-label="the match after" title="Shift+Enter" onClick={newer}>
        <ArrowDown size={14} aria-hidden />
      </ActionIcon>
      <ActionIcon variant="subtle" color="gray" aria-label="close the search" title="Escape" onClick={onClose}>
        <X size={14} aria-hidden />
      </ActionIcon>
    </form>
  );
}

/** An index of -1: there are more than are counted. */
function told(found: ISearchResultChangeEvent | null): string {
  if (found === null) return "";
  if (found.resultCount === 0) return "not found";
  return found.resultIndex === -1 ? `${found.resultCount} or more` : `${found.resultIndex + 1} of ${found.resultCount}`;
}
