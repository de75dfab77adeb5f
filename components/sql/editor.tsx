"use client";

import { useComputedColorScheme } from "@mantine/core";
import MonacoEditor from "@monaco-editor/react";
import { useEffect, useRef, useState } from "react";
import type { TreeTable } from "../../server/contract/http.ts";
import type { Span } from "./boundaries.ts";
import classes from "./editor.module.css";
import { completeFrom, monaco, paint } from "./monaco.ts";
import type { Replacement } from "./replacement.ts";

export interface EditorMark {
  readonly span: Span;
  readonly meaning: "deny" | "review";
  readonly message: string;
}

export interface EditorCursor {
  readonly offset: number;
  /** Null: nothing is selected. */
  readonly selection: Span | null;
}

/** For what comes from elsewhere on the page and changes the text. */
export interface EditorHandle {
  /** Puts what `find` says into the text as it is now, as one step that can be undone, and the cursor after it. False: it found nothing. */
  readonly replace: (find: (now: string) => Replacement | null) => boolean;
  readonly focus: () => void;
}

export interface EditorProps {
  readonly language: "pgsql" | "yaml" | "shell" | "ini" | "plaintext";
  readonly label: string;
  readonly value: string;
  readonly onChange: (text: string) => void;
  readonly onCursor?: (cursor: EditorCursor) => void;
  /** Null: the editor is gone. */
  readonly onReady?: (handle: EditorHandle | null) => void;
  /** With what stands in the editor now: a value that comes back through React may be some keys behind. */
  readonly onRun?: (text: string, cursor: EditorCursor) => void;
  readonly onRunAll?: (text: string) => void;
  readonly onCancel?: () => void;
  readonly onSave?: () => void;
  readonly running?: boolean;
  readonly readOnly?: boolean;
  readonly placeholder?: string;
  readonly marks: readonly EditorMark[];
  /** The statement that a run would take. */
  readonly current?: Span | null;
  /** Where the verdict line under the mouse comes from. */
  readonly hovered?: Span | null;
  readonly tables?: readonly TreeTable[];
}

/** Monaco, as a field: text in, text out. The only place that knows its interface. */
export default function Editor(props: EditorProps) {
  const editor = useRef<monaco.editor.IStandaloneCodeEditor>(null);
  const decorations = useRef<monaco.editor.IEditorDecorationsCollection>(null);
  const latest = useRef(props);
  latest.current = props;
  /** Texts that were given out and did not come back yet: whoever holds the text is behind someone who types fast. */
  const told = useRef<string[]>([]);
  const dark = useComputedColorScheme("light") === "dark";

  const [ready, setReady] = useState(false);
  const dispose = useRef<() => void>(() => {});
  useEffect(() => () => dispose.current(), []);

  const begin = (made: monaco.editor.IStandaloneCodeEditor) => {
    const model = made.getModel();
    if (model === null) return;
    model.setEOL(monaco.editor.EndOfLineSequence.LF);
    editor.current = made;
    decorations.current = made.createDecorationsCollection();
    const running = made.createContextKey<boolean>("gatehouseRunning", false);
    const tellCursor = () => latest.current.onCursor?.(cursorOf(made));
    const { Enter, Escape, KeyS } = monaco.KeyCode;
    const { CtrlCmd, Shift } = monaco.KeyMod;
    const actions = [
      made.addAction({
        id: "run",
        label: "Run the statement or the selection",
        keybindings: [CtrlCmd | Enter],
        run: () => latest.current.onRun?.(model.getValue(), cursorOf(made)),
      }),
      made.addAction({
        id: "run-all",
        label: "Run all statements",
        keybindings: [CtrlCmd | Shift | Enter],
        run: () => latest.current.onRunAll?.(model.getValue()),
      }),
      made.addAction({
        id: "save",
        label: "Save",
        keybindings: [CtrlCmd | KeyS],
        run: () => latest.current.onSave?.(),
      }),
      made.addAction({
        id: "cancel",
        label: "Cancel",
        keybindings: [Escape],
        precondition: "gatehouseRunning && !suggestWidgetVisible && !findWidgetVisible",
        run: () => latest.current.onCancel?.(),
      }),
    ];
    const listeners = [
      model.onDidChangeContent(() => {
        const text = model.getValue();
        told.current.push(text);
        latest.current.onChange(text);
        tellCursor();
      }),
      made.onDidChangeCursorSelection(tellCursor),
    ];
    setRunning.current = (value) => running.set(value);
    tellCursor();
    setReady(true);
    latest.current.onReady?.({ replace: (find) => replace(made, find), focus: () => made.focus() });
    dispose.current = () => {
      latest.current.onReady?.(null);
      for (const each of [...actions, ...listeners]) each.dispose();
      editor.current = null;
    };
  };

  const setRunning = useRef<(value: boolean) => void>(() => {});
  useEffect(() => {
    if (ready) setRunning.current(props.running ?? false);
  }, [ready, props.running]);
  useEffect(() => paint(dark), [dark]);
  useEffect(() => {
    if (ready) editor.current?.updateOptions({ readOnly: props.readOnly ?? false });
  }, [ready, props.readOnly]);

  useEffect(() => {
    if (!ready) return;
    const model = editor.current?.getModel();
    if (model && props.tables !== undefined) completeFrom(model, props.tables);
  }, [ready, props.tables]);

  useEffect(() => {
    if (!ready) return;
    const model = editor.current?.getModel();
    // What was typed comes back, late and with some of it left out: that is no change from outside.
    const echo = told.current.lastIndexOf(props.value);
    if (echo !== -1) {
      told.current.splice(0, echo + 1);
      return;
    }
    told.current = [];
    if (model && model.getValue() !== props.value)
      editor.current?.executeEdits("outside", [{ range: model.getFullModelRange(), text: props.value }]);
  }, [ready, props.value]);

  useEffect(() => {
    if (!ready) return;
    const model = editor.current?.getModel();
    if (!model) return;
    const markers = props.marks.map(({ span, meaning, message }) => {
      // A squiggle needs a letter to stand under.
      const { startLineNumber, startColumn, endLineNumber, endColumn } = rangeOf(
        model,
        span[1] > span[0] ? span : [span[0], span[0] + 1],
      );
      const severity = meaning === "deny" ? monaco.MarkerSeverity.Error : monaco.MarkerSeverity.Warning;
      return { startLineNumber, startColumn, endLineNumber, endColumn, severity, message, source: "Gatehouse" };
    });
    monaco.editor.setModelMarkers(model, "gatehouse", markers);
  }, [ready, props.marks]);

  useEffect(() => {
    if (!ready) return;
    const model = editor.current?.getModel();
    if (!model || decorations.current === null) return;
    const shown: monaco.editor.IModelDeltaDecoration[] = [];
    if (props.current) {
      shown.push({
        range: rangeOf(model, props.current),
        options: { isWholeLine: true, linesDecorationsClassName: classes.current ?? "" },
      });
    }
    if (props.hovered) {
      shown.push({ range: rangeOf(model, props.hovered), options: { inlineClassName: classes.hovered ?? "" } });
    }
    decorations.current.set(shown);
  }, [ready, props.current, props.hovered]);

  return (
    <div className={classes.host} data-editor={props.language} data-marks={props.marks.length}>
      <MonacoEditor
        defaultValue={props.value}
        defaultLanguage={props.language}
        theme="gatehouse"
        loading={null}
        beforeMount={() => paint(dark)}
        onMount={begin}
        options={{
          ariaLabel: props.label,
          automaticLayout: true,
          minimap: { enabled: false },
          fontFamily: '"JetBrains Mono Variable", ui-monospace, monospace',
          fontLigatures: false,
          fontSize: 13,
          lineHeight: 20,
          lineNumbersMinChars: 3,
          lineDecorationsWidth: 8,
          glyphMargin: false,
          folding: false,
          scrollBeyondLastLine: false,
          // The number of an empty last line would be too faint to read.
          renderFinalNewline: "on",
          renderLineHighlight: "none",
          overviewRulerLanes: 0,
          padding: { top: 8, bottom: 8 },
          tabSize: 2,
          wordWrap: props.language === "yaml" ? "off" : "on",
          fixedOverflowWidgets: true,
          scrollbar: { verticalScrollbarSize: 10, horizontalScrollbarSize: 10, alwaysConsumeMouseWheel: false },
          wordBasedSuggestions: "off",
          // Enter after a name that is written out ends the line.
          acceptSuggestionOnEnter: "smart",
          ...(props.placeholder === undefined ? {} : { placeholder: props.placeholder }),
          unicodeHighlight: { ambiguousCharacters: true, invisibleCharacters: true },
        }}
      />
    </div>
  );
}

function replace(editor: monaco.editor.IStandaloneCodeEditor, find: (now: string) => Replacement | null): boolean {
  const model = editor.getModel();
  const found = model === null ? null : find(model.getValue());
  if (model === null || found === null) return false;
  const range = rangeOf(model, found.span);
  editor.pushUndoStop();
  editor.executeEdits("replace", [{ range, text: found.text, forceMoveMarkers: true }]);
  editor.pushUndoStop();
  const end = model.getPositionAt(found.span[0] + found.text.length);
  editor.setPosition(end);
  editor.revealPosition(end);
  editor.focus();
  return true;
}

function rangeOf(model: monaco.editor.ITextModel, [from, to]: Span): monaco.Range {
  return monaco.Range.fromPositions(model.getPositionAt(from), model.getPositionAt(to));
}

function cursorOf(editor: monaco.editor.IStandaloneCodeEditor): EditorCursor {
  const model = editor.getModel();
  const selection = editor.getSelection();
  if (model === null || selection === null) return { offset: 0, selection: null };
  const from = model.getOffsetAt(selection.getStartPosition());
  const to = model.getOffsetAt(selection.getEndPosition());
  return { offset: model.getOffsetAt(selection.getPosition()), selection: to > from ? [from, to] : null };
}
