/** What the person works on: the shown tab's target. `request`: of its session; null: none is open. */
export interface Focus {
  readonly target: string;
  readonly environment: string;
  readonly request: string | null;
}
