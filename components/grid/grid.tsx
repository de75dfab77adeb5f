"use client";

import { Menu, Modal } from "@mantine/core";
import { columnResizingFeature, columnSizingFeature, tableFeatures, useTable } from "@tanstack/react-table";
import { useVirtualizer } from "@tanstack/react-virtual";
import { Contrast } from "lucide-react";
import { type ClipboardEvent, type KeyboardEvent, type MouseEvent, useEffect, useId, useMemo, useRef, useState } from "react";
import type { WireColumn } from "../../server/contract/socket.ts";
import type { RowLog } from "../socket/row-log.ts";
import classes from "./grid.module.css";
import { rangeOf, tsv } from "./tsv.ts";
import { firstWidths } from "./width.ts";

const ROW_HEIGHT = 24;
const HEADER_HEIGHT = 28;
const GUTTER = 52;
const features = tableFeatures({ columnSizingFeature, columnResizingFeature });
const NO_DATA: never[] = [];

interface Place {
  readonly row: number;
  readonly column: number;
}

/**
 * Rows as they stream in. Only what is in view is in the page; a screen reader is told the whole through ARIA's counts
 * and `aria-activedescendant`. The column model is react-table's; rows are read from the log, not copied into it.
 */
export function Grid({
  columns,
  rows,
  label,
  onAsk,
}: {
  columns: readonly WireColumn[];
  rows: RowLog;
  label: string;
  /** Absent: nothing can be asked for here. */
  onAsk?: ((column: WireColumn) => void) | undefined;
}) {
  const id = useId();
  const viewport = useRef<HTMLDivElement>(null);
  const [at, setAt] = useState<Place>({ row: 0, column: 0 });
  const [anchor, setAnchor] = useState<Place>(at);
  const [shown, setShown] = useState<Place | null>(null);
  const dragging = useRef(false);

  const sampled = rows.length > 0;
  // biome-ignore lint/correctness/useExhaustiveDependencies: widths are guessed once, when the first rows are there
  const model = useMemo(() => {
    const widths = firstWidths(columns, rows);
    return columns.map((column, index) => ({ id: String(index), header: column.name, size: widths[index] ?? 120, minSize: 40 }));
  }, [columns, sampled]);
  const table = useTable({ features, columns: model, data: NO_DATA, columnResizeMode: "onChange" });
  const headers = table.getHeaderGroups()[0]?.headers ?? [];
  const widths = headers.map((header) => header.getSize());
  const signature = widths.join();

  const vertical = useVirtualizer({
    count: rows.length,
    getScrollElement: () => viewport.current,
    estimateSize: () => ROW_HEIGHT,
    overscan: 12,
    paddingStart: HEADER_HEIGHT,
    scrollPaddingStart: HEADER_HEIGHT,
  });
  const horizontal = useVirtualizer({
    horizontal: true,
    count: columns.length,
    getScrollElement: () => viewport.current,
    estimateSize: (index) => widths[index] ?? 120,
    overscan: 3,
    paddingStart: GUTTER,
    scrollPaddingStart: GUTTER,
  });
  // biome-ignore lint/correctness/useExhaustiveDependencies: new widths are the reason to measure
  useEffect(() => horizontal.measure(), [horizontal, signature]);

  const selection = rangeOf(anchor, at);
  const visibleColumns = horizontal.getVirtualItems();

  const go = (row: number, column: number, extend: boolean) => {
    const place = {
      row: Math.max(0, Math.min(rows.length - 1, row)),
      column: Math.max(0, Math.min(columns.length - 1, column)),
    };
    setAt(place);
    if (!extend) setAnchor(place);
    vertical.scrollToIndex(place.row);
    horizontal.scrollToIndex(place.column);
  };

  const onKeyDown = (event: KeyboardEvent) => {
    if (rows.length === 0 || event.altKey) return;
    const all = event.ctrlKey || event.metaKey;
    const page = Math.max(1, Math.floor((viewport.current?.clientHeight ?? 240) / ROW_HEIGHT) - 2);
    const step: Record<string, [number, number]> = {
      ArrowUp: [all ? 0 : at.row - 1, at.column],
      ArrowDown: [all ? rows.length - 1 : at.row + 1, at.column],
      ArrowLeft: [at.row, all ? 0 : at.column - 1],
      ArrowRight: [at.row, all ? columns.length - 1 : at.column + 1],
      PageUp: [at.row - page, at.column],
      PageDown: [at.row + page, at.column],
      Home: [all ? 0 : at.row, 0],
      End: [all ? rows.length - 1 : at.row, columns.length - 1],
    };
    const next = step[event.key];
    if (next !== undefined) go(next[0], next[1], event.shiftKey);
    else if (event.key === "a" && all) {
      setAnchor({ row: 0, column: 0 });
      setAt({ row: rows.length - 1, column: columns.length - 1 });
    } else if (event.key === "Enter") setShown(at);
    else return;
    event.preventDefault();
  };

  const onCopy = (event: ClipboardEvent) => {
    if (rows.length === 0) return;
    const several = selection.bottom > selection.top || selection.right > selection.left;
    // One value is copied as it is (to go back into a statement); several go to a spreadsheet, with their header.
    const text = several
      ? tsv(
          rows,
          selection,
          columns.map((column) => column.name),
        )
      : (rows.at(at.row)?.[at.column] ?? "");
    event.clipboardData.setData("text/plain", text);
    event.preventDefault();
  };

  const placeOf = (event: MouseEvent): Place | null => {
    const cell = event.target instanceof Element ? event.target.closest<HTMLElement>("[data-cell]") : null;
    if (cell === null) return null;
    return { row: Number(cell.dataset.row), column: Number(cell.dataset.column) };
  };

  return (
    <>
      {/* biome-ignore lint/a11y/useSemanticElements: a table that is not in the page as a whole cannot be a <table> */}
      <div
        ref={viewport}
        className={classes.viewport}
        role="grid"
        aria-label={label}
        aria-rowcount={rows.length + 1}
        aria-colcount={columns.length}
        aria-multiselectable
        aria-activedescendant={rows.length === 0 ? undefined : `${id}-${at.row}-${at.column}`}
        tabIndex={0}
        data-grid
        data-rows={rows.length}
        onKeyDown={onKeyDown}
        onCopy={onCopy}
        onMouseDown={(event) => {
          const place = placeOf(event);
          if (place === null || event.button !== 0) return;
          dragging.current = true;
          setAt(place);
          if (!event.shiftKey) setAnchor(place);
        }}
        onMouseMove={(event) => {
          if (!dragging.current || event.buttons === 0) return;
          const place = placeOf(event);
          if (place !== null) setAt(place);
        }}
        onMouseUp={() => {
          dragging.current = false;
        }}
        onDoubleClick={(event) => setShown(placeOf(event))}
      >
        <div className={classes.canvas} style={{ height: vertical.getTotalSize(), width: horizontal.getTotalSize() }}>
          {/* biome-ignore lint/a11y/useSemanticElements: see the grid */}
          {/* biome-ignore lint/a11y/useFocusableInteractive: focus is on the grid, `aria-activedescendant` says where */}
          <div className={classes.header} role="row" aria-rowindex={1}>
            <div className={classes.corner} />
            {visibleColumns.map((item) => {
              const column = columns[item.index];
              const header = headers[item.index];
              if (column === undefined || header === undefined) return null;
              return (
                // biome-ignore lint/a11y/useSemanticElements: see the grid
                // biome-ignore lint/a11y/useFocusableInteractive: see the row
                <div
                  key={item.key}
                  role="columnheader"
                  aria-colindex={item.index + 1}
                  className={classes.head}
                  data-masked={column.masked ?? undefined}
                  data-column-name={column.name}
                  style={{ left: item.start, width: item.size }}
                  title={`${column.name} ${column.type}`}
                >
                  <span className={classes.name}>{column.name}</span>
                  {column.masked === null ? (
                    <span className={classes.type}>{column.type}</span>
                  ) : (
                    <MaskMenu column={column} mask={column.masked} onAsk={onAsk} />
                  )}
                  {/* biome-ignore lint/a11y/noStaticElementInteractions: a handle for the mouse; widths say nothing to others */}
                  <span
                    className={classes.resize}
                    onMouseDown={header.getResizeHandler()}
                    onTouchStart={header.getResizeHandler()}
                    onDoubleClick={() => header.column.resetSize()}
                  />
                </div>
              );
            })}
          </div>
          {vertical.getVirtualItems().map((item) => {
            const row = rows.at(item.index);
            return (
              // biome-ignore lint/a11y/useSemanticElements: see the grid
              // biome-ignore lint/a11y/useFocusableInteractive: see the header
              <div
                key={item.key}
                role="row"
                aria-rowindex={item.index + 2}
                className={classes.row}
                data-odd={item.index % 2 === 1 || undefined}
                style={{ transform: `translateY(${item.start}px)` }}
              >
                <div className={classes.gutter}>{(item.index + 1).toLocaleString("en")}</div>
                {visibleColumns.map((across) => {
                  const value = row?.[across.index];
                  const selected =
                    item.index >= selection.top &&
                    item.index <= selection.bottom &&
                    across.index >= selection.left &&
                    across.index <= selection.right;
                  return (
                    // biome-ignore lint/a11y/useSemanticElements: see the grid
                    // biome-ignore lint/a11y/useFocusableInteractive: see the header
                    <div
                      key={across.key}
                      id={`${id}-${item.index}-${across.index}`}
                      role="gridcell"
                      aria-colindex={across.index + 1}
                      aria-selected={selected}
                      data-cell
                      data-row={item.index}
                      data-column={across.index}
                      data-null={value === null || undefined}
                      data-masked={columns[across.index]?.masked === null ? undefined : true}
                      data-at={(item.index === at.row && across.index === at.column) || undefined}
                      data-numeric={NUMERIC.test(columns[across.index]?.type ?? "") || undefined}
                      className={classes.cell}
                      style={{ left: across.start, width: across.size }}
                    >
                      {value === null ? "NULL" : oneLine(value ?? "")}
                    </div>
                  );
                })}
              </div>
            );
          })}
        </div>
      </div>
      <Modal
        opened={shown !== null}
        onClose={() => setShown(null)}
        title={shown === null ? "" : `${columns[shown.column]?.name} · row ${(shown.row + 1).toLocaleString("en")}`}
        size="lg"
      >
        <pre className={classes.value}>{shown === null ? "" : pretty(rows.at(shown.row)?.[shown.column])}</pre>
      </Modal>
    </>
  );
}

const NUMERIC = /^(smallint|integer|bigint|int[248]?|numeric|real|double precision|float[48]|money|oid)/;

/** Why a column is not shown as it is. */
function MaskMenu(props: { column: WireColumn; mask: string; onAsk?: ((column: WireColumn) => void) | undefined }) {
  const { column, mask, onAsk } = props;
  return (
    <Menu position="bottom-start" width={280} withinPortal>
      <Menu.Target>
        <button type="button" className={classes.mask} aria-label={`${column.name} is masked by ${mask}: why`} data-mask={mask}>
          <Contrast size={12} aria-hidden />
          {mask}
        </button>
      </Menu.Target>
      <Menu.Dropdown>
        <div className={classes.why}>
          <strong>
            <code>{column.name}</code> is masked
          </strong>
          <p>
            The mask <code>{mask}</code> replaces its values inside the database, wherever the column appears: in the list, in
            conditions, in joins and in sorting. The raw values never left it.
          </p>
          <p>
            Who sees it raw is a policy on <code>sql:unmask</code>.
            {onAsk === undefined ? " Ask someone who administers Gatehouse." : ""}
          </p>
        </div>
        {onAsk === undefined ? null : (
          <Menu.Item onClick={() => onAsk(column)} data-ask-column={column.name}>
            Ask to see this column…
          </Menu.Item>
        )}
      </Menu.Dropdown>
    </Menu>
  );
}

function oneLine(value: string): string {
  return value.length > 500 ? `${value.slice(0, 500).replaceAll(/[\r\n]+/g, " ⏎ ")}…` : value.replaceAll(/[\r\n]+/g, " ⏎ ");
}

function pretty(value: string | null | undefined): string {
  if (value === null || value === undefined) return "NULL";
  if (!/^\s*[[{]/.test(value)) return value;
  try {
    return JSON.stringify(JSON.parse(value), null, 2);
  } catch {
    return value;
  }
}
