import { createHash } from "node:crypto";
import { readFile, rm } from "node:fs/promises";
import { expect, test } from "@playwright/test";
import { applyPolicy, removePolicy, signIn } from "./people.ts";
import { atTerminal, shot } from "./terminal.ts";

/** Files of a host beside its terminal: sent in parts, and what may not be written. */

const HOME = ".data/e2e/host/host/home/deploy";
const POLICY = `kind: policy
id: story-upload
description: Engineers put files beside the logs of staging
effect: permit
principals: { groups: [engineers] }
actions: ["file:write"]
resources: { targets: [web-2], paths: ["**/shop-api/logs/**"] }
`;
const digest = (bytes: Buffer) => createHash("sha256").update(bytes).digest("hex");

test("an upload shows how far it is, and goes on where its connection was lost", async ({ browser }) => {
  const [engineer, admin] = [await atTerminal(browser, "web-2"), await signIn(browser, "admin")];
  expect(await applyPolicy(admin, POLICY)).toBe(200);
  const name = `table-${Date.now()}.csv`;
  const content = Buffer.from(Array.from({ length: 1_000_000 }, (_, i) => `row ${i}\n`).join(""));
  let cut = true;
  let goOn = () => {};
  const held = new Promise<void>((resolve) => {
    goOn = resolve;
  });
  const offsets: string[] = [];
  await engineer.route(/\/api\/files\/content\/.*offset=/, async (route) => {
    const offset = new URL(route.request().url()).searchParams.get("offset") ?? "";
    offsets.push(offset);
    if (offset === "0") return route.continue();
    await held;
    if (!cut) return route.continue();
    cut = false;
    // The part arrives; that it did is lost.
    await route.fetch();
    await route.abort("connectionreset");
  });
  await engineer.locator("[data-open-files]:visible").click();
  const files = engineer.locator("[data-files]");
  await files.locator('[data-file="shop-api"] button').first().click();
  await files.locator('[data-file="logs"] button').first().click();
  await expect(files.locator('[data-file="app.log"]')).toBeVisible();
  const [chooser] = await Promise.all([engineer.waitForEvent("filechooser"), files.locator("[data-upload]").click()]);
  await chooser.setFiles({ name, mimeType: "text/csv", buffer: content });
  const sending = files.locator("[data-sending]");
  await expect(sending).toContainText(`${name}: 4.0 MB of 10.9 MB`);
  await expect(sending.getByRole("progressbar")).toHaveAttribute("value", "4000000");
  await shot(engineer, "upload-progress-dark");
  goOn();
  await expect(sending).toHaveCount(0);
  await expect(files.locator(`[data-file="${name}"]`)).toBeVisible();
  expect(offsets).toEqual(["0", "4000000", "4000000", "8000000"]);
  const there = `${HOME}/shop-api/logs/${name}`;
  expect(digest(await readFile(there))).toBe(digest(content));
  await rm(there);
  expect(await removePolicy(admin, "story-upload")).toBe(200);
  await Promise.all([engineer, admin].map((page) => page.context().close()));
});

test("what holds masked values is shown masked and is not saved; what may not be written says why", async ({ browser }) => {
  const engineer = await atTerminal(browser, "web-2");
  await engineer.locator("[data-open-files]:visible").click();
  const files = engineer.locator("[data-files]");
  const dialog = engineer.getByRole("dialog");
  await files.locator('[data-file="shop-api"] button').first().click();
  await files.locator('[data-file="logs"] button').first().click();
  await files.locator('[data-file="app.log.1"] button').first().click();
  await expect(dialog.locator("[data-file-editor]")).toHaveAttribute("data-locked");
  await expect(dialog).toContainText("Something in it is masked, so it cannot be saved");
  await expect(dialog.locator(".view-lines")).toContainText("email=***");
  await shot(engineer, "file-masked-dark");
  await engineer.keyboard.press("Escape");
  await files.getByRole("button", { name: "the folder above" }).click();
  await files.locator('[data-file="package.json"] button').first().click();
  await expect(dialog.locator("[data-file-editor]")).toHaveAttribute("data-locked");
  await expect(dialog).toContainText("Read only:");
  await expect(dialog.locator("[data-file-save]")).toHaveCount(0);
  await engineer.keyboard.press("Escape");
  const [chooser] = await Promise.all([engineer.waitForEvent("filechooser"), files.locator("[data-upload]").click()]);
  await chooser.setFiles({ name: "new.txt", mimeType: "text/plain", buffer: Buffer.from("x") });
  await expect(files.locator("[data-file-error]")).toContainText("no policy permits `file:write`");
  await engineer.context().close();
});

test("a download is as long as its file, masked to its end, and named as it is", async ({ browser }) => {
  const engineer = await atTerminal(browser, "web-2");
  await engineer.locator("[data-open-files]:visible").click();
  const files = engineer.locator("[data-files]");
  await files.locator('[data-file="shop-api"] button').first().click();
  await files.locator('[data-file="logs"] button').first().click();
  const [download] = await Promise.all([
    engineer.waitForEvent("download"),
    files.getByRole("button", { name: "download app.log.1" }).click(),
  ]);
  expect(download.suggestedFilename()).toBe("app.log.1");
  const [got, original] = await Promise.all([
    readFile(await download.path(), "utf8"),
    readFile(`${HOME}/shop-api/logs/app.log.1`, "utf8"),
  ]);
  expect(got.split("\n")).toHaveLength(original.split("\n").length);
  expect(original).toMatch(/email=[a-z]/);
  expect(got).not.toMatch(/email=[a-z]/);
  await engineer.context().close();
});
