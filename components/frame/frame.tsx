"use client";

import { notifications } from "@mantine/notifications";
import { BookOpenCheck, Clapperboard, Eye, ScrollText, ShieldCheck, SquareTerminal, UsersRound } from "lucide-react";
import dynamic from "next/dynamic";
import Link from "next/link";
import { usePathname, useRouter } from "next/navigation";
import { type ReactNode, useCallback, useEffect, useMemo, useRef, useState } from "react";
import type { Me } from "../../server/contract/http.ts";
import { useAnnounce } from "../review/announce.tsx";
import { openReviews } from "../review/order.ts";
import { SocketProvider, useSocket } from "../socket/socket.tsx";
import type { Focus } from "./focus.ts";
import classes from "./frame.module.css";
import { LinkBanner } from "./link-banner.tsx";
import { Palette } from "./palette.tsx";
import { PersonContext } from "./person.tsx";
import { StatusBar } from "./status-bar.tsx";
import { TopBar } from "./top-bar.tsx";

const Workbench = dynamic(() => import("../workbench/workbench.tsx").then((module) => module.Workbench), { ssr: false });

export function Frame({ me, children }: { me: Me; children: ReactNode }) {
  return (
    <PersonContext.Provider value={me}>
      <SocketProvider>
        <Parts me={me}>{children}</Parts>
      </SocketProvider>
    </PersonContext.Provider>
  );
}

function Parts({ me, children }: { me: Me; children: ReactNode }) {
  const path = usePathname();
  const router = useRouter();
  const [focus, setFocus] = useState<Focus | null>(null);
  const [wanted, setWanted] = useState<{ target: string; number: number } | null>(null);
  const [visited, setVisited] = useState(path === "/");
  const reviews = useSocket((state) => state.reviews);
  const waitingReviews = useMemo(() => openReviews(reviews.items, me.id), [reviews, me.id]);
  const waiting = waitingReviews.length;
  useAnnounce(waitingReviews, reviews.state === "known");
  const policyVersion = useSocket((state) => state.policyVersion);
  useComplaints();

  useEffect(() => {
    if (path === "/") setVisited(true);
  }, [path]);
  // What someone may do can have changed with the policies.
  useEffect(() => {
    if (policyVersion !== null) router.refresh();
  }, [router, policyVersion]);
  useWaitingInTitle(waiting, path);

  const openTarget = useCallback(
    (target: string) => {
      setWanted((before) => ({ target, number: (before?.number ?? 0) + 1 }));
      router.push("/");
    },
    [router],
  );

  const working = path === "/";
  return (
    <div className={classes.frame} data-environment={working ? (focus?.environment ?? "") : ""}>
      <a href="#content" className={classes.skip}>
        Skip to the content
      </a>
      <TopBar me={me} focus={working ? focus : null} waiting={waiting} />
      <nav className={classes.rail} aria-label="parts of Gatehouse">
        <RailLink href="/" current={working} icon={<SquareTerminal size={18} aria-hidden />} name="Workbench" />
        <RailLink
          href="/reviews"
          current={path.startsWith("/reviews")}
          icon={<BookOpenCheck size={18} aria-hidden />}
          name="Reviews"
          count={waiting}
        />
        {me.may.watchSessions ? (
          <RailLink
            href="/sessions"
            current={path.startsWith("/sessions")}
            icon={<Eye size={18} aria-hidden />}
            name="Sessions"
          />
        ) : null}
        <RailLink
          href="/recordings"
          current={path.startsWith("/recordings")}
          icon={<Clapperboard size={18} aria-hidden />}
          name="Recordings"
        />
        {me.may.readRecord ? (
          <RailLink href="/record" current={path === "/record"} icon={<ScrollText size={18} aria-hidden />} name="Record" />
        ) : null}
        {me.may.readConfiguration ? (
          <RailLink
            href="/people"
            current={path.startsWith("/people")}
            icon={<UsersRound size={18} aria-hidden />}
            name="People"
          />
        ) : null}
        {me.may.readConfiguration ? (
          <RailLink href="/admin" current={path.startsWith("/admin")} icon={<ShieldCheck size={18} aria-hidden />} name="Admin" />
        ) : null}
      </nav>
      <main id="content" className={classes.content} tabIndex={-1}>
        <LinkBanner />
        {visited ? <Workbench visible={working} wanted={wanted} onFocus={setFocus} /> : null}
        {working ? null : children}
      </main>
      <StatusBar me={me} focus={working ? focus : null} />
      <Palette me={me} onTarget={openTarget} />
    </div>
  );
}

function RailLink(props: { href: string; current: boolean; icon: ReactNode; name: string; count?: number }) {
  return (
    <Link href={props.href} prefetch={false} className={classes.railLink} aria-current={props.current ? "page" : undefined}>
      {props.icon}
      <span>{props.name}</span>
      {props.count ? <b className={classes.count}>{props.count}</b> : null}
    </Link>
  );
}

/** `(2) Reviews · Gatehouse`: seen while another browser tab is in front. */
function useWaitingInTitle(waiting: number, path: string): void {
  // biome-ignore lint/correctness/useExhaustiveDependencies: another page has another title
  useEffect(() => {
    const mark = () => {
      const bare = document.title.replace(/^\(\d+\) /, "");
      const title = waiting > 0 ? `(${waiting}) ${bare}` : bare;
      if (document.title !== title) document.title = title;
    };
    mark();
    const observer = new MutationObserver(mark);
    observer.observe(document.head, { childList: true, subtree: true, characterData: true });
    return () => observer.disconnect();
  }, [waiting, path]);
}

/** What the gateway complains about is said once, where it can be read and dismissed. */
function useComplaints(): void {
  const complaints = useSocket((state) => state.complaints);
  const told = useRef(0);
  useEffect(() => {
    for (const { number, message } of complaints) {
      if (number <= told.current) continue;
      told.current = number;
      notifications.show({ color: "red", title: "The gateway refused", message });
    }
  }, [complaints]);
}
