"use client";

import dynamic from "next/dynamic";
import { Skeleton } from "../condition/condition.tsx";

/** Monaco is a megabyte: it comes only when an editor is shown. */
export const LazyEditor = dynamic(() => import("./editor.tsx"), {
  ssr: false,
  loading: () => <Skeleton label="the editor" lines={4} />,
});
