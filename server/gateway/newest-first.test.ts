import { expect, test } from "vitest";
import { NewestFirst } from "./newest-first.ts";

function work() {
  const begun: string[] = [];
  const ends = new Map<string, () => void>();
  let most = 0;
  let running = 0;
  return {
    begun,
    most: () => most,
    end: (name: string) => ends.get(name)?.(),
    of:
      (name: string, fails = false) =>
      async () => {
        begun.push(name);
        most = Math.max(most, ++running);
        await new Promise<void>((resolve) => ends.set(name, resolve));
        running -= 1;
        if (fails) throw new Error(name);
        return name;
      },
  };
}
const soon = () => new Promise((resolve) => setTimeout(resolve, 5));

test("one at a time for each asker; of those who wait the newest is next, the others are not done", async () => {
  const queue = new NewestFirst();
  const { begun, of, end, most } = work();
  const first = queue.run("ann", of("a"));
  const [second, third] = [queue.run("ann", of("b")), queue.run("ann", of("c"))];
  await soon();
  expect(begun).toEqual(["a"]);
  end("a");
  expect(await first).toBe("a");
  expect(await second).toBeNull();
  await soon();
  end("c");
  expect(await third).toBe("c");
  expect(most()).toBe(1);
});

test("one asker does not wait for another, nor for what failed before", async () => {
  const queue = new NewestFirst();
  const { begun, of, end } = work();
  const failing = queue.run("ann", of("a", true));
  const other = queue.run("bo", of("b"));
  const next = queue.run("ann", of("c"));
  await soon();
  expect(begun).toEqual(["a", "b"]);
  end("a");
  await expect(failing).rejects.toThrow("a");
  await soon();
  expect(begun).toEqual(["a", "b", "c"]);
  end("b");
  end("c");
  expect(await Promise.all([other, next])).toEqual(["b", "c"]);
});
