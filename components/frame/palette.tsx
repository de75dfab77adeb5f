"use client";

import { useComputedColorScheme, useMantineColorScheme } from "@mantine/core";
import { Spotlight, type SpotlightActionData } from "@mantine/spotlight";
import { BookOpenCheck, Database, Eye, Moon, ScrollText, Search, ShieldCheck, SquareTerminal } from "lucide-react";
import { useRouter } from "next/navigation";
import type { Me, TargetItem } from "../../server/contract/http.ts";
import { useAnswer } from "../request/use-answer.ts";
import { useSocket } from "../socket/socket.tsx";

/** Everything by name: targets to open, pages to go to. */
export function Palette({ me, onTarget }: { me: Me; onTarget: (target: string) => void }) {
  const router = useRouter();
  const version = useSocket((state) => state.policyVersion);
  const [targets] = useAnswer<readonly TargetItem[]>("/api/targets", version);
  const { setColorScheme } = useMantineColorScheme();
  const scheme = useComputedColorScheme("light");

  const page = (href: string, label: string, icon: SpotlightActionData["leftSection"]): SpotlightActionData => ({
    id: href,
    label,
    leftSection: icon,
    onClick: () => router.push(href),
  });
  const open: SpotlightActionData[] = (targets.state === "loaded" ? targets.value : [])
    .filter((target) => target.may)
    .map((target) => ({
      id: `target ${target.id}`,
      label: target.id,
      description: `${target.environment} · ${target.type === "postgres" ? "SQL" : "terminal"}${target.description === "" ? "" : ` · ${target.description}`}`,
      keywords: [target.environment, target.type, ...Object.values(target.labels)],
      leftSection: target.type === "postgres" ? <Database size={16} aria-hidden /> : <SquareTerminal size={16} aria-hidden />,
      onClick: () => onTarget(target.id),
    }));
  const go = [
    page("/", "Workbench", <SquareTerminal key="w" size={16} aria-hidden />),
    page("/reviews", "Reviews", <BookOpenCheck key="r" size={16} aria-hidden />),
    ...(me.may.watchSessions ? [page("/sessions", "Sessions", <Eye key="s" size={16} aria-hidden />)] : []),
    ...(me.may.readRecord ? [page("/record", "Record", <ScrollText key="e" size={16} aria-hidden />)] : []),
    ...(me.may.readConfiguration ? [page("/admin", "Admin", <ShieldCheck key="a" size={16} aria-hidden />)] : []),
    {
      id: "scheme",
      label: scheme === "dark" ? "Light colours" : "Dark colours",
      leftSection: <Moon size={16} aria-hidden />,
      onClick: () => setColorScheme(scheme === "dark" ? "light" : "dark"),
    },
  ];
  return (
    <Spotlight
      actions={[
        { group: "Open", actions: open },
        { group: "Go to", actions: go },
      ]}
      shortcut={["mod + K"]}
      tagsToIgnore={[]}
      scrollable
      maxHeight={380}
      highlightQuery
      nothingFound="Nothing has that name"
      searchProps={{
        leftSection: <Search size={16} aria-hidden />,
        placeholder: "A target or a page",
        "aria-label": "open anything",
      }}
    />
  );
}
