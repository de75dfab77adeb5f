import { expect, test } from "@playwright/test";
import { openSql, run, signIn } from "./people.ts";
import { openStore } from "./store.ts";

const MANY = 500;

test("500 reviews wait: the list is there soon, keys go from one to the next, and one is answered", async ({ browser }) => {
  const [engineer, reviewer] = [await signIn(browser, "engineer"), await signIn(browser, "reviewer")];
  await openSql(engineer, "shop");
  await run(engineer, "delete from order_items");
  const id = await engineer.locator("[data-review-waiting]:visible").getAttribute("data-review-waiting");
  const store = await openStore();
  await store.query(
    `INSERT INTO review (id, requester, target, fingerprint, shape, state, body, answers, expires_at, opened_at)
     SELECT 'many-' || g, requester, target, fingerprint || g, shape, state,
       body || jsonb_build_object('id', 'many-' || g, 'statement', body->>'statement' || ' -- ' || g), answers, expires_at,
       opened_at + g * interval '1 millisecond' FROM review, generate_series(1, $2::int) g WHERE id = $1`,
    [id, MANY - 1],
  );
  try {
    const began = Date.now();
    await reviewer.goto("/reviews");
    await expect(reviewer.locator("[data-review]").first()).toBeVisible();
    await expect(reviewer.locator("[data-pending-reviews]")).toHaveAttribute("data-pending-reviews", /5\d\d/);
    // The whole list is known; what is in sight is in the page.
    expect(await reviewer.locator("[data-review]").count()).toBeLessThan(60);
    expect(Date.now() - began).toBeLessThan(10_000);
    const steps: number[] = [];
    for (let step = 0; step < 30; step++) {
      const before = reviewer.url();
      const pressed = Date.now();
      await reviewer.keyboard.press("j");
      await expect.poll(() => reviewer.url(), { intervals: [5] }).not.toBe(before);
      await expect(reviewer.locator("[data-review-detail]")).toHaveAttribute(
        "data-review-detail",
        reviewer.url().split("/").at(-1) ?? "",
      );
      steps.push(Date.now() - pressed);
    }
    expect(steps.toSorted((a, b) => a - b)[15]).toBeLessThan(1_000);
    // Who went by quickly sees the rows of the one that they stopped at.
    await expect(reviewer.locator("[data-blast-rows]")).toBeVisible();
    await reviewer.screenshot({ path: "test-results/screens/many-reviews-light.png" });
    await reviewer.setViewportSize({ width: 390, height: 844 });
    await reviewer.locator("[data-review-detail]").getByRole("button", { name: "All reviews" }).click();
    await expect(reviewer.locator("[data-review]").first()).toBeVisible();
    await reviewer.screenshot({ path: "test-results/screens/many-reviews-390.png" });
    await reviewer.setViewportSize({ width: 1440, height: 900 });
    await reviewer.getByRole("textbox", { name: "search in reviews" }).fill("-- 499");
    await expect(reviewer.locator("[data-review]")).toHaveCount(1);
    await reviewer.locator("[data-review]").click();
    const detail = reviewer.locator("[data-review-detail]");
    await expect(detail).toHaveAttribute("data-review-detail", "many-499");
    await reviewer.locator("[data-review]").focus();
    await reviewer.keyboard.press("r");
    await expect(detail.getByRole("alert")).toContainText("Say why");
    await reviewer.keyboard.type("only one of many");
    await detail.locator("[data-reject]").click();
    await expect(detail).toHaveAttribute("data-review-state", "rejected");
  } finally {
    await store.query("DELETE FROM review WHERE id LIKE 'many-%'");
    await store.end();
    await engineer.locator("[data-withdraw]:visible").click();
  }
});
