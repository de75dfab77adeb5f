import type { Metadata } from "next";
import { AdminPage } from "../../../components/admin/admin-page.tsx";
import { NotPermitted } from "../../../components/condition/condition.tsx";
import { me } from "../../principal.ts";

export const metadata: Metadata = { title: "Admin" };

export default async function Admin() {
  const { may } = await me();
  return may.readConfiguration ? (
    <AdminPage mayWrite={may.writeConfiguration} />
  ) : (
    <NotPermitted what="the configuration" action="admin:read" />
  );
}
