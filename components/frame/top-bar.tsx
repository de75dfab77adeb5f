"use client";

import { Menu, SegmentedControl, UnstyledButton, useMantineColorScheme } from "@mantine/core";
import { spotlight } from "@mantine/spotlight";
import { ChevronRight, Hourglass, LogOut, Search, UserRound } from "lucide-react";
import Link from "next/link";
import { signOut } from "next-auth/react";
import type { Me } from "../../server/contract/http.ts";
import type { Focus } from "./focus.ts";
import classes from "./frame.module.css";
import { Mark } from "./mark.tsx";

export function TopBar({ me, focus, waiting }: { me: Me; focus: Focus | null; waiting: number }) {
  return (
    <header className={classes.top}>
      <Link href="/" className={classes.brand} aria-label="Gatehouse, workbench" prefetch={false}>
        <Mark size={22} />
        <span>Gatehouse</span>
      </Link>
      {focus === null ? null : (
        <div className={classes.crumbs} data-breadcrumb>
          <ChevronRight size={13} aria-hidden />
          <span className={classes.environment} data-environment={focus.environment}>
            {focus.environment}
          </span>
          <ChevronRight size={13} aria-hidden />
          <strong>{focus.target}</strong>
        </div>
      )}
      <button
        type="button"
        className={classes.palette}
        onClick={() => spotlight.open()}
        data-open-palette
        aria-label="open anything"
      >
        <Search size={13} aria-hidden />
        <span>Open anything</span>
        <kbd>Ctrl K</kbd>
      </button>
      {waiting === 0 ? null : (
        <Link href="/reviews" className={classes.pending} data-pending-reviews={waiting} prefetch={false}>
          <Hourglass size={13} aria-hidden />
          {waiting} <span>to review</span>
        </Link>
      )}
      <Menu position="bottom-end" width={260}>
        <Menu.Target>
          <UnstyledButton className={classes.person} aria-label={`${me.name}: menu`} data-person={me.id}>
            <UserRound size={15} aria-hidden />
            <span>{me.name}</span>
          </UnstyledButton>
        </Menu.Target>
        <Menu.Dropdown>
          <div className={classes.who}>
            <strong>{me.name}</strong>
            <div>{me.id}</div>
            <div>{me.groups.length === 0 ? "in no group" : me.groups.join(", ")}</div>
          </div>
          <Menu.Divider />
          <div className={classes.who}>
            <SchemeSwitch />
          </div>
          <Menu.Divider />
          <Menu.Item
            leftSection={<LogOut size={14} aria-hidden />}
            onClick={() => void signOut({ callbackUrl: "/sign-in" })}
            data-sign-out
          >
            Sign out
          </Menu.Item>
        </Menu.Dropdown>
      </Menu>
    </header>
  );
}

function SchemeSwitch() {
  const { colorScheme, setColorScheme } = useMantineColorScheme();
  return (
    <SegmentedControl
      fullWidth
      size="xs"
      aria-label="colours"
      value={colorScheme}
      onChange={(value) => setColorScheme(value === "light" || value === "dark" ? value : "auto")}
      data={[
        { value: "auto", label: "As the system" },
        { value: "light", label: "Light" },
        { value: "dark", label: "Dark" },
      ]}
    />
  );
}
