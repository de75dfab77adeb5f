import { Condition } from "../components/condition/condition.tsx";

export default function NotFound() {
  return (
    <Condition kind="empty" title="There is no such page" what="The address may be old, or mistyped.">
      <a href="/">Go to the workbench</a>
    </Condition>
  );
}
